#include "store/meta.h"

#include <cstring>

namespace coppice::store {
namespace {

Bytes name_bytes(std::string_view name) {
  return std::as_bytes(std::span(name.data(), name.size()));
}

}  // namespace

std::uint64_t Meta::number(const Txn& txn, std::string_view name) const {
  auto value = txn.find(table_, name_bytes(name));
  if (!value) return 0;
  std::uint64_t number;
  if (value->size() != sizeof number)
    throw CorruptionError("The database's '" + std::string(name) + "' is damaged.");
  std::memcpy(&number, value->data(), sizeof number);
  return number;
}

void Meta::set_number(WriteTxn& txn, std::string_view name, std::uint64_t value) const {
  txn.put(table_, name_bytes(name), bytes_of(value));
}

std::string Meta::text(const Txn& txn, std::string_view name) const {
  auto value = txn.find(table_, name_bytes(name));
  if (!value) return {};
  return {reinterpret_cast<const char*>(value->data()), value->size()};
}

void Meta::set_text(WriteTxn& txn, std::string_view name, std::string_view value) const {
  txn.put(table_, name_bytes(name), name_bytes(value));
}

}  // namespace coppice::store
