#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/environment.h"

namespace coppice::store {

// The few single facts of a database by name: counters, identity, cursor. Each user of the store
// documents its names in docs/storage.md. Stored: byte keys (the name); numbers as 8 bytes
// little-endian, texts as they are.
class Meta {
 public:
  explicit Meta(Table table) : table_(table) {}

  // 0 if it was never set.
  std::uint64_t number(const Txn& txn, std::string_view name) const;
  void set_number(WriteTxn& txn, std::string_view name, std::uint64_t value) const;
  // Empty if it was never set.
  std::string text(const Txn& txn, std::string_view name) const;
  void set_text(WriteTxn& txn, std::string_view name, std::string_view value) const;

 private:
  Table table_;
};

}  // namespace coppice::store
