#pragma once

// Internal to wire/: shows Asio.

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

#include "wire/frame.h"

namespace coppice::wire {

// The message that is being received, as an Asio DynamicBuffer_v1 whose memory becomes the frame.
//
// Memory comes from malloc: aligned for everything, and realloc moves large blocks by remapping
// pages, so a large message is never copied, however often it grows. A small one is copied once
// into a block of its own size, and the memory is used again.
class MessageBuffer {
 public:
  using const_buffers_type = boost::asio::const_buffer;
  using mutable_buffers_type = boost::asio::mutable_buffer;

  explicit MessageBuffer(std::size_t size_bytes_max) : size_bytes_max_(size_bytes_max) {}

  std::size_t size() const { return size_; }
  std::size_t max_size() const { return size_bytes_max_; }
  std::size_t capacity() const { return capacity_; }
  const_buffers_type data() const { return {memory_.get(), size_}; }

  mutable_buffers_type prepare(std::size_t more) {
    if (more > size_bytes_max_ - size_) throw std::length_error("MessageBuffer");
    if (size_ + more > capacity_) {
      resize(std::max(size_ + more, std::min(2 * capacity_, size_bytes_max_)));
    }
    return {memory_.get() + size_, more};
  }
  void commit(std::size_t count) { size_ += std::min(count, capacity_ - size_); }
  // Only required by the concept; nothing consumes a message but take().
  void consume(std::size_t count) {
    count = std::min(count, size_);
    std::copy(memory_.get() + count, memory_.get() + size_, memory_.get());
    size_ -= count;
  }

  // The message; the buffer is empty afterwards.
  Frame take() {
    const std::size_t size_bytes = std::exchange(size_, 0);
    if (size_bytes <= kCopiedBytesMax) return Frame::copy_of({memory_.get(), size_bytes});
    if (capacity_ - size_bytes > size_bytes / 8) resize(size_bytes);
    capacity_ = 0;
    std::shared_ptr<const std::byte> owner = std::move(memory_);
    const std::span bytes(owner.get(), size_bytes);
    return Frame(std::move(owner), bytes);
  }

 private:
  struct Free {
    void operator()(const std::byte* memory) const { std::free(const_cast<std::byte*>(memory)); }
  };

  // Up to this, copying is cheaper than a new buffer for the next message.
  static constexpr std::size_t kCopiedBytesMax = 4096;

  void resize(std::size_t capacity) {
    void* moved = std::realloc(memory_.get(), capacity);
    if (moved == nullptr) throw std::bad_alloc();
    static_cast<void>(memory_.release());
    memory_.reset(static_cast<std::byte*>(moved));
    capacity_ = capacity;
  }

  const std::size_t size_bytes_max_;
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace coppice::wire
