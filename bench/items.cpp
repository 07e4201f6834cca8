#include "bench/items.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace coppice::bench {
namespace {

constexpr const char* kNote =
    "Bought for the second series; the reel was opened once, and counted again after the move to "
    "hall two in May.";

void write_number(char (&number)[24], std::uint64_t serial) {
  std::snprintf(number, sizeof number, "R-%08llu-10K", static_cast<unsigned long long>(serial));
}

template <typename Builder>
void fill_any(Builder item, std::uint64_t serial) {
  item.setPrice(static_cast<std::int64_t>(serial * 7 % 100'000));
  item.setWeight(0.25 * static_cast<double>(serial % 4'000));
  item.setSupplier(1 + serial % 97);
  item.setAmount(static_cast<std::uint32_t>(serial % 5'000));
  item.setPlace(static_cast<std::uint32_t>(1 + serial % 800));
  item.setCountedUs(1'700'000'000'000'000 + static_cast<std::int64_t>(serial));
  item.setSerial(serial + 1);
  char number[24];
  write_number(number, serial);
  item.setNumber(number);
  item.setNote(kNote);
}

}  // namespace

void fill(Item::Builder item, std::uint64_t serial) { fill_any(item, serial); }
void fill(IndexedItem::Builder item, std::uint64_t serial) { fill_any(item, serial); }

std::string number_of(std::uint64_t serial) {
  char number[24];
  write_number(number, serial);
  return number;
}

void create_items(Client& client, std::uint64_t count, std::uint64_t per_transaction) {
  for (std::uint64_t begin = 0; begin < count; begin += per_transaction) {
    const std::uint64_t end = std::min(count, begin + per_transaction);
    client
        .write([&](Transaction& t) {
          for (std::uint64_t serial = begin; serial < end; ++serial) {
            t.create<Item>([&](Item::Builder item) { fill(item, serial); });
          }
        })
        .value();
  }
}

void require_items(const Client& client, std::uint64_t count) {
  const auto now = client.snapshot();
  std::uint64_t found = 0;
  for (const auto item : now.tree<Item>()) {
    ++found;
    if (item.view().value().size() == kValueBytes) continue;
    throw std::runtime_error("An item has " + std::to_string(item.view().value().size()) +
                             " bytes, not " + std::to_string(kValueBytes) + ".");
  }
  if (found != count) {
    throw std::runtime_error("There are " + std::to_string(found) + " items, not " +
                             std::to_string(count) + ".");
  }
}

}  // namespace coppice::bench
