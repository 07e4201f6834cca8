#include "examples/ldraw/report.h"

#include "tests/support/catch.h"

namespace ldraw {
namespace {

TEST_CASE("large numbers are printed in groups of three digits", "[examples]") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1000) == "1,000");
  CHECK(with_commas(612345) == "612,345");
  CHECK(with_commas(1234567890) == "1,234,567,890");
}

TEST_CASE("a duration has the unit that fits it", "[examples]") {
  CHECK(duration(61.04) == "61.0 s");
  CHECK(duration(1.5) == "1.50 s");
  CHECK(duration(0.0314) == "31 ms");
  CHECK(duration(0.0021) == "2.1 ms");
  CHECK(duration(0.0000071) == "7 us");
}

TEST_CASE("a rate is rounded to three digits", "[examples]") {
  CHECK(rate(612345, 9.8) == "62,500/s");
  CHECK(rate(10, 4) == "3/s");
  CHECK(rate(0, 1) == "0/s");
  CHECK(rate(5, 0) == "0/s");
}

TEST_CASE("one thing is not several", "[examples]") {
  CHECK(counted(0, "part") == "0 parts");
  CHECK(counted(1, "part") == "1 part");
  CHECK(counted(2500, "part") == "2,500 parts");
}

}  // namespace
}  // namespace ldraw
