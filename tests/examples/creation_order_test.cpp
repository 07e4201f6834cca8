#include <algorithm>

#include "examples/ldraw/library.h"
#include "tests/support/catch.h"

using Catch::Matchers::ContainsSubstring;

namespace ldraw {
namespace {

// Parts that are made of the parts named, by index.
Library library_of(const std::vector<std::vector<PartIndex>>& children) {
  Library library;
  for (const auto& of_one : children) {
    LibraryPart part;
    part.name = std::to_string(library.parts.size());
    LibraryRevision revision;
    for (const PartIndex child : of_one) revision.bom.push_back({child, 16, 1});
    part.revisions.push_back(revision);
    library.parts.push_back(part);
  }
  return library;
}

TEST_CASE("a part is created after everything it is made of", "[examples]") {
  CHECK(creation_order(library_of({{1, 2}, {2}, {}})) == std::vector<PartIndex>{2, 1, 0});
}

TEST_CASE("every part is created once", "[examples]") {
  auto order = creation_order(library_of({{}, {0, 2, 3}, {0}, {0, 2}, {1, 1}}));
  std::sort(order.begin(), order.end());
  CHECK(order == std::vector<PartIndex>{0, 1, 2, 3, 4});
}

TEST_CASE("a part is created after the one that it moved to", "[examples]") {
  Library library = library_of({{}, {}});
  library.parts[0].revisions[0].moved_to = 1;
  CHECK(creation_order(library) == std::vector<PartIndex>{1, 0});
}

TEST_CASE("a part without revisions is created like any other", "[examples]") {
  Library library = library_of({{1}, {}});
  library.parts[1].revisions.clear();
  CHECK(creation_order(library) == std::vector<PartIndex>{1, 0});
}

TEST_CASE("a later revision may refer back to where it came from", "[examples]") {
  Library library = library_of({{1}, {}});
  library.parts[1].revisions.push_back(library.parts[1].revisions[0]);
  library.parts[1].revisions[1].bom.push_back({0, 16, 1});
  CHECK(creation_order(library) == std::vector<PartIndex>{1, 0});
}

TEST_CASE("parts that contain each other are refused by name", "[examples]") {
  const Library library = library_of({{1}, {2}, {1}});
  CHECK_THROWS_AS(creation_order(library), FileError);
  CHECK_THROWS_WITH(creation_order(library), ContainsSubstring("part '1' contains itself"));
}

}  // namespace
}  // namespace ldraw
