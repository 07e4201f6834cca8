#include "server/outgoing.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include <capnp/serialize.h>

namespace coppice::server {
namespace {

// Cap'n Proto wants zeroed memory; for large blocks calloc gets it from the kernel without touching
// it.
capnp::word* zeroed(std::size_t words) {
  auto* memory = static_cast<capnp::word*>(std::calloc(words, sizeof(capnp::word)));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void Outgoing::Builder::Free::operator()(capnp::word* memory) const { std::free(memory); }

kj::ArrayPtr<capnp::word> Outgoing::Builder::allocateSegment(unsigned minimum_words) {
  const std::size_t words = std::max<std::size_t>(minimum_words, expected_words_);
  if (!first) {
    first = std::shared_ptr<capnp::word>(zeroed(words + 1), Free{});
    return {first.get() + 1, words};
  }
  more_.emplace_back(zeroed(words));
  return {more_.back().get(), words};
}

Outgoing::Outgoing(std::size_t expected_bytes)
    : builder_(expected_bytes / 8 + 16), root_(builder_.initRoot<protocol::ToClient>()) {}

wire::Frame Outgoing::finish() {
  const auto segments = builder_.getSegmentsForOutput();
  if (segments.size() == 1) {
    // The stream framing of one segment: (number of segments - 1, words of the segment), then the
    // segment.
    const std::uint32_t table[2] = {0, static_cast<std::uint32_t>(segments[0].size())};
    std::memcpy(builder_.first.get(), table, sizeof table);
    const auto* bytes = reinterpret_cast<const std::byte*>(builder_.first.get());
    return {builder_.first, {bytes, 8 * (segments[0].size() + 1)}};
  }
  auto flat = std::make_shared<kj::Array<capnp::word>>(capnp::messageToFlatArray(segments));
  const auto* bytes = reinterpret_cast<const std::byte*>(flat->begin());
  return {flat, {bytes, 8 * flat->size()}};
}

}  // namespace coppice::server
