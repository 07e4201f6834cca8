#pragma once

#include <cstdint>
#include <string>

#include <coppice/client.h>

#include "bench.coppice.h"

namespace coppice::bench {

// What an item's stored value measures: 64 bytes of header, 200 of body.
inline constexpr std::size_t kValueBytes = 264;

// Fills an item of which no two are equal.
void fill(Item::Builder item, std::uint64_t serial);
void fill(IndexedItem::Builder item, std::uint64_t serial);
// The number of an item: "R-00004711-10K".
std::string number_of(std::uint64_t serial);

// Creates `count` items in transactions of `per_transaction`, out of the client's lease.
void create_items(Client& client, std::uint64_t count, std::uint64_t per_transaction);

// Throws unless every item of this replica is of the size that the benchmarks speak of, and there
// are so many.
void require_items(const Client& client, std::uint64_t count);

}  // namespace coppice::bench
