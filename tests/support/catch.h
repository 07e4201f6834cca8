#pragma once

// The test framework, whichever of its two generations the distribution has: Debian 12 brings
// Catch2 2.13 (one header), Debian 13 Catch2 3. Most of what tests use is spelled alike in both;
// the rest gets its newer name here. Write Catch::Matchers::ContainsSubstring and Catch::Approx.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>

namespace Catch::Matchers {

inline auto ContainsSubstring(const std::string& part) { return Contains(part); }

}  // namespace Catch::Matchers
#endif
