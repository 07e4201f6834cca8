#pragma once

#include <cstdint>
#include <string_view>

namespace coppice::store {

// Format log. Stored as the fact "format"; something newer is refused.
// 1  first format
// 2  runs of index entries (store/value_tables.h), without which indexes miss what they have.
// Stored
//    while there are any; without them the format is 1 again
inline constexpr std::uint64_t kFormat = 1;
inline constexpr std::uint64_t kFormatWithRuns = 2;
inline constexpr std::string_view kFormatFact = "format";

}  // namespace coppice::store
