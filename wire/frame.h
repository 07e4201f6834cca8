#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace coppice::wire {

// One binary message as it travels: immutable, shared, 8-byte aligned.
//
// A value: copies share the bytes, so one encoded batch goes to a thousand sessions without a copy.
// Any thread may hold or drop one. An empty frame (size 0) is allowed and owns nothing.
class Frame {
 public:
  Frame() = default;
  // Takes a buffer that `owner` keeps alive. REQUIRES: bytes.data() is 8-byte aligned, and the
  // bytes never change again.
  Frame(std::shared_ptr<const void> owner, std::span<const std::byte> bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}

  // Valid as long as any copy of this frame lives.
  std::span<const std::byte> bytes() const { return bytes_; }
  std::size_t size_bytes() const { return bytes_.size(); }

  static Frame copy_of(std::span<const std::byte> bytes);

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
};

}  // namespace coppice::wire
