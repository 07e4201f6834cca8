#include "coppice/check_report.h"
#include "tests/support/catch.h"

namespace coppice {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("a report without findings is sound and says nothing", "[schema]") {
  const CheckReport report(CheckReport::Side::replica);
  CHECK(report.sound());
  CHECK(report.complete());
  CHECK(report.for_people().empty());
}

TEST_CASE("a report says what was found, what it means and what to do", "[schema]") {
  CheckReport report(CheckReport::Side::replica);
  report.found(Trouble::derived, "index 'by maker'", "it has 2 entries too many");
  report.found(Trouble::damage, "parts:1.1", "its value contradicts its header");
  report.left_out("index 'own'");
  CHECK_FALSE(report.sound());
  CHECK(report.sentences() ==
        std::vector<std::string>{"index 'by maker': it has 2 entries too many",
                                 "parts:1.1: its value contradicts its header"});
  const std::string text = report.for_people();
  // What may cost data comes first.
  CHECK(text.find("parts:1.1") < text.find("index 'by maker'"));
  CHECK_THAT(text, ContainsSubstring("What it means: Bytes are not what was written"));
  CHECK_THAT(text, ContainsSubstring("What to do: Check the disk."));
  CHECK_THAT(text, ContainsSubstring("Not looked at: index 'own'"));
}

TEST_CASE("a report counts everything and keeps the first", "[schema]") {
  CheckReport report(CheckReport::Side::authority);
  for (int i = 0; i < 5'000; ++i) report.found(Trouble::damage, "parts:1.1", "it is damaged");
  report.found(Trouble::contradiction, "the feed", "it is short");
  CHECK(report.count() == 5'001);
  CHECK(report.findings().size() == CheckReport::kKeptMax + 1);
  CHECK_THAT(report.for_people(), ContainsSubstring("... and 4980 more of this kind."));
}

TEST_CASE("who waits for a check is told how far it is, and can end it", "[schema]") {
  std::vector<std::uint64_t> told;
  CheckReport report(CheckReport::Side::replica, [&](std::uint64_t looked_at) {
    told.push_back(looked_at);
    return told.size() < 3;
  });
  std::uint64_t steps = 0;
  while (report.step()) ++steps;
  CHECK(told.size() == 3);
  CHECK(steps + 1 == told.back());
  CHECK_FALSE(report.complete());
}

}  // namespace coppice
