#include "schema/fold.h"

#include <vector>

#include "tests/support/catch.h"

namespace coppice::test {
namespace {

std::vector<std::string> words(std::string_view text) {
  const std::string folded = fold(text);
  std::vector<std::string> words;
  for (WordWalk walk(folded); walk; walk.next()) words.emplace_back(walk.word());
  return words;
}

std::vector<WordClass> classes(std::string_view text) {
  const std::string folded = fold(text);
  std::vector<WordClass> classes;
  for (WordWalk walk(folded); walk; walk.next()) classes.push_back(word_class(walk));
  return classes;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("case, accents and compatible forms are folded", "[schema]") {
  CHECK(fold("Bolt M6") == "bolt m6");
  CHECK(fold("\u00c5ngstr\u00f6m") == "angstrom");
  CHECK(fold("STRASSE") == fold("Stra\u00dfe"));
  CHECK(fold("e\u0301") == "e");
  CHECK(fold("\ufb01n") == "fin");
  CHECK(fold("\u0416\u0423\u041a") == "\u0436\u0443\u043a");
}

TEST_CASE("a text is cut into runs of letters and digits", "[schema]") {
  CHECK(words("R-0603, 10k\u2126!") == Words{"r", "0603", "10k\u03c9"});
  CHECK(words("M\u00fcller/S\u00f6hne") == Words{"muller", "sohne"});
  CHECK(words("  ") == Words{});
  CHECK(words("") == Words{});
  CHECK(words("\u0436\u0443\u043a x2") == Words{"\u0436\u0443\u043a", "x2"});
}

TEST_CASE("a long word is cut off and the next begins after it", "[schema]") {
  CHECK(words(std::string(200, 'x') + " y") ==
        Words{std::string(WordWalk::kWordBytesMax, 'x'), "y"});
}

TEST_CASE("bytes that are no UTF-8 separate words", "[schema]") {
  CHECK(words("Bolt\xff\xfeM6 \xc3") == Words{"bolt", "m6"});
}

TEST_CASE("a word is a text's only one, its first, or another", "[schema]") {
  using enum WordClass;
  CHECK(classes("Bolt") == std::vector{whole});
  CHECK(classes(" Bolt. ") == std::vector{whole});
  CHECK(classes("Bolt M6 bolt") == std::vector{first, inside, inside});
}

}  // namespace coppice::test
