#include "server/incoming.h"

#include <cstring>

#include <capnp/any.h>
#include <kj/exception.h>

namespace coppice::server {
namespace {

kj::ArrayPtr<const capnp::word> words_of(const wire::Frame& frame) {
  return {reinterpret_cast<const capnp::word*>(frame.bytes().data()), frame.size_bytes() / 8};
}

// The lists of a request are visited a few times (counted, told apart, judged), its bodies once.
capnp::ReaderOptions limits_for(const wire::Frame& frame) {
  return {.traversalLimitInWords = 4 * (frame.size_bytes() / 8) + 1024, .nestingLimit = 64};
}

// Mixes one word into a hash: a multiplication of 128 bits whose halves are folded, as wyhash does.
std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  __extension__ using Wide = unsigned __int128;
  const Wide product =
      static_cast<Wide>(hash ^ word ^ 0xa0761d6478bd642full) * 0xe7037ed1a0b428dbull;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t word_at(std::span<const std::byte> bytes, std::size_t at) {
  std::uint64_t word;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

// Whole words only. Four chains side by side: each multiplication waits for the one before it in
// its chain, and a processor has several of them on their way at once.
std::uint64_t mix_bytes(std::uint64_t hash, std::span<const std::byte> bytes) {
  std::uint64_t lanes[4] = {hash, hash + 1, hash + 2, hash + 3};
  for (; bytes.size() >= 32; bytes = bytes.subspan(32)) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      lanes[lane] = mix(lanes[lane], word_at(bytes, 8 * lane));
    }
  }
  for (const std::uint64_t lane : lanes) hash = mix(hash, lane);
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) hash = mix(hash, word_at(bytes, 0));
  return mix(hash, bytes.size());
}

}  // namespace

std::optional<std::string> read_untrusted(const std::function<void()>& read) {
  try {
    read();
    return std::nullopt;
  } catch (const kj::Exception& e) {
    return std::string(e.getDescription().cStr());
  }
}

std::unique_ptr<Incoming> Incoming::open(wire::Frame frame) {
  if (frame.size_bytes() == 0 || frame.size_bytes() % 8 != 0) return nullptr;
  std::unique_ptr<Incoming> incoming;
  const auto wrong = read_untrusted([&] {
    incoming.reset(new Incoming(std::move(frame)));
    incoming->rewind();
  });
  return wrong ? nullptr : std::move(incoming);
}

void Incoming::rewind() {
  reader_.emplace(words_of(frame_), limits_for(frame_));
  root_ = reader_->getRoot<protocol::ToServer>();
}

std::uint64_t Incoming::request_hash() {
  const auto bytes = frame_.bytes();
  const auto data = capnp::AnyStruct::Reader(root_.getRequest()).getDataSection();
  // Request: operation in the first word, acknowledged in the second.
  if (data.size() < 16) return mix_bytes(0, bytes);
  const auto acknowledged_at =
      static_cast<std::size_t>(reinterpret_cast<const std::byte*>(data.begin()) + 8 - bytes.data());
  return mix_bytes(mix_bytes(0, bytes.first(acknowledged_at)), bytes.subspan(acknowledged_at + 8));
}

}  // namespace coppice::server
