#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include <capnp/message.h>

#include "coppice/key.h"

namespace coppice {

static_assert(std::endian::native == std::endian::little, "stored records are little-endian");

// What the framework knows of a record. The first 64 bytes of every stored value; stored and sent,
// little-endian:
//
//   offset  size
//        0     8  sequence        the last change of anything; in a replica possibly a LocalMark
//        8     8  body_sequence   the last change of the body
//       16     8  token           the borrow in force, epoch << 48 | n; 0: none. Only on the head
//       24     4  borrower        number of the client that holds the borrow, 0: nobody
//       28     4  author          number of the client that made the body
//       32     8  created_us      server time, microseconds since 1970 UTC
//       40     8  changed_us      server time of the last change of anything
//       48     4  iteration       accepted check-ins in this revision; 0: an untouched new one
//       52     2  state           lifecycle state number
//       54     2  flags           see below; unknown flags are kept
//       56     4  schema_version  the catalogue's version of the schema that wrote the body
//       60     4  body_words      length of the body in 8-byte words; 0 exactly when removed
struct RecordHeader {
  std::uint64_t sequence = 0;
  std::uint64_t body_sequence = 0;
  std::uint64_t token = 0;
  std::uint32_t borrower = 0;
  std::uint32_t author = 0;
  std::int64_t created_us = 0;
  std::int64_t changed_us = 0;
  std::uint32_t iteration = 0;
  std::uint16_t state = 0;
  std::uint16_t flags = 0;
  std::uint32_t schema_version = 0;
  std::uint32_t body_words = 0;

  bool released() const { return flags & kReleased; }
  bool removed() const { return flags & kRemoved; }
  bool fresh() const { return flags & kFresh; }

  // Frozen for ever; 32 bytes of SHA-256 over the body follow the body.
  static constexpr std::uint16_t kReleased = 1;
  // A tombstone: header only.
  static constexpr std::uint16_t kRemoved = 2;
  // Never changed since a transaction of creates made it, so that its maker knows this header by
  // itself.
  static constexpr std::uint16_t kFresh = 4;

  bool operator==(const RecordHeader&) const = default;
};
static_assert(sizeof(RecordHeader) == 64 && std::is_trivially_copyable_v<RecordHeader>);

inline constexpr std::size_t kContentHashBytes = 32;
using ContentHash = std::array<std::byte, kContentHashBytes>;

// In a replica, a record that differs from the authority's has no sequence but a mark: bit 63 says
// so, bit 62 that it was edited and that edit is not checked in; the rest is the last of the
// client's own operations that changed it and is unanswered, or 0.
struct LocalMark {
  static constexpr std::uint64_t kBit = std::uint64_t{1} << 63;
  static constexpr std::uint64_t kEdited = std::uint64_t{1} << 62;
  static constexpr std::uint64_t queued(std::uint64_t operation) { return kBit | operation; }
  static constexpr std::uint64_t edited(std::uint64_t operation) {
    return kBit | kEdited | operation;
  }
  static constexpr bool is_local(const RecordHeader& h) { return h.sequence & kBit; }
  static constexpr bool is_edited(const RecordHeader& h) {
    return is_local(h) && (h.sequence & kEdited);
  }
  static constexpr std::uint64_t operation(const RecordHeader& h) {
    return is_local(h) ? h.sequence & ~(kBit | kEdited) : 0;
  }
};

// A token that is none yet: "what my own operation was granted". Work queued before the answer came
// carries it.
struct OwnGrant {
  static constexpr std::uint64_t kBit = std::uint64_t{1} << 63;
  static constexpr std::uint64_t of(std::uint64_t operation) { return kBit | operation; }
};

// A stored value, looked at in place. Valid as long as the bytes are: within the transaction or
// snapshot they came from.
class RecordView {
 public:
  // Checks that header, body and hash fill the value exactly; says nothing about the body.
  // REQUIRES: 8-byte aligned.
  static std::optional<RecordView> parse(std::span<const std::byte> value);

  const RecordHeader& header() const {
    return *reinterpret_cast<const RecordHeader*>(value_.data());
  }
  std::span<const std::uint64_t> body() const {
    return {reinterpret_cast<const std::uint64_t*>(value_.data() + sizeof(RecordHeader)),
            header().body_words};
  }
  // Only for a released revision; all zero otherwise.
  ContentHash hash() const;
  std::span<const std::byte> value() const { return value_; }

 private:
  explicit RecordView(std::span<const std::byte> value) : value_(value) {}
  std::span<const std::byte> value_;
};

// Inline: every record that is read passes here.
inline std::optional<RecordView> RecordView::parse(std::span<const std::byte> value) {
  if (value.size() < sizeof(RecordHeader)) return std::nullopt;
  const RecordView view(value);
  const RecordHeader& header = view.header();
  const std::size_t expected = sizeof(RecordHeader) + std::size_t{8} * header.body_words +
                               (header.released() ? kContentHashBytes : 0);
  const bool consistent = value.size() == expected && header.removed() == (header.body_words == 0);
  if (!consistent || (header.released() && header.removed())) return std::nullopt;
  return view;
}

// A record with its key, in place; its tree is known from elsewhere.
struct Entry {
  KeyWord key;
  RecordView record;
};

// SHA-256 over the words of a body: the promise of a released revision.
ContentHash content_hash(std::span<const std::uint64_t> body);

// A record of the tree of T, read in place: `record->getTitle()`. No traversal limit, no check, no
// copy: bodies were checked when they entered. Valid as long as the snapshot it came from.
template <typename T>
class Record {
 public:
  Record(Key<T> key, RecordView view) : key_(key), view_(view) {}

  Key<T> key() const { return key_; }
  const RecordHeader& header() const { return view_.header(); }
  typename T::Reader body() const {
    return capnp::readMessageUnchecked<T>(
        reinterpret_cast<const capnp::word*>(view_.body().data()));
  }
  RecordView view() const { return view_; }

  struct Arrow {
    typename T::Reader reader;
    const typename T::Reader* operator->() const { return &reader; }
    typename T::Reader* operator->() { return &reader; }
  };
  Arrow operator->() const { return {body()}; }

 private:
  Key<T> key_;
  RecordView view_;
};

}  // namespace coppice
