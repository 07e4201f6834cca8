#include "wire/frame.h"

#include <cstring>

namespace coppice::wire {

Frame Frame::copy_of(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  auto words = std::make_shared_for_overwrite<std::uint64_t[]>((bytes.size() + 7) / 8);
  std::memcpy(words.get(), bytes.data(), bytes.size());
  auto start = reinterpret_cast<const std::byte*>(words.get());
  return Frame(std::move(words), {start, bytes.size()});
}

}  // namespace coppice::wire
