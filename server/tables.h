#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "store/database.h"
#include "store/feed.h"

namespace coppice::server {

// What an authority's database holds beside records and catalogue. Numbers in keys of byte tables
// are big-endian, so that they sort; numbers in values are little-endian. Stored: names and layouts
// never change.
//
//   table       key                       value
//   feed        sequence                  tree, key (store/feed.h)
//   borrows     tree, id (8 + 8 bytes)    a borrow in force (borrows.h)
//   leases      tree, begin (8 + 8)       end, client (8 + 8)
//   clients     client number             a client (clients.h)
//   client_ids  UUID (16)                 client number (8)
//   answers     client, operation (8 + 8) hash of the request (8), Answer as a single segment
//   audit       1, 2, 3 ...               audit.capnp's Entry as a single segment
//   users       name                      a user (users.h)
//   tokens      SHA-256 of the token (32) when it was made, the user's name (users.h)
//   roles       name                      rights (users.h)
//   endings     client, token (8 + 8)     a borrow that ended by another's will (endings.h)
//   hand_overs  tree, id (8 + 8)          an offer to hand a borrow over (borrow_notes.h)
//   nudges      tree, id (8 + 8)          the last time its holder was asked to return it
//   (borrow_notes.h) shelves     tree, id, token (8 + 8 + 8) a copy of unfinished work (shelves.h)
//   quiet       client number             when the server last heard of it, by its uptime
//   (overdue.h)
//   released_references
//               tree, key referred to     tree, key of the released revision that refers (a set);
//               (8 + 8)                   see released_references.h
//
// Facts in the table meta: "uuid" (16 bytes), "application", and the numbers "epoch", "head" (the
// last sequence), "tokens" (tokens granted in this epoch), "audit" (entries), "uptime"
// (microseconds that servers have run), "released_references" (1: the table has all of them).
struct Tables {
  explicit Tables(store::Database& database);

  store::Feed feed;
  store::Table borrows;
  store::Table leases;
  store::Table clients;
  store::Table client_ids;
  store::Table answers;
  store::Table audit;
  store::Table users;
  store::Table tokens;
  store::Table roles;
  store::Table endings;
  store::Table hand_overs;
  store::Table nudges;
  store::Table shelves;
  store::Table quiet;
  // Nothing: a database of a time before it, which is only looked at.
  std::optional<store::Table> released_references;
};

// A key of two numbers, in the order of the first, then the second.
class PairKey {
 public:
  PairKey(std::uint64_t first, std::uint64_t second);
  store::Bytes bytes() const { return bytes_; }

  static std::uint64_t first(store::Bytes key);
  static std::uint64_t second(store::Bytes key);

 private:
  std::array<std::byte, 16> bytes_;
};

// Reads a stored row field by field. Throws CorruptionError where it is too short.
class RowReader {
 public:
  explicit RowReader(store::Bytes row) : rest_(row) {}

  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text() {
    auto bytes = take(number<std::uint32_t>());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  store::Bytes take(std::size_t size_bytes);
  store::Bytes rest() const { return rest_; }

 private:
  store::Bytes rest_;
};

// Its counterpart.
class RowWriter {
 public:
  template <typename T>
  RowWriter& number(T value) {
    return raw(std::as_bytes(std::span(&value, 1)));
  }
  RowWriter& text(const std::string& text) {
    number(static_cast<std::uint32_t>(text.size()));
    return raw(std::as_bytes(std::span(text)));
  }
  RowWriter& raw(store::Bytes bytes) {
    row_.insert(row_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  store::Bytes row() const { return row_; }

 private:
  std::vector<std::byte> row_;
};

}  // namespace coppice::server
