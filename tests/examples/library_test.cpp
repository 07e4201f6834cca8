#include "examples/ldraw/library.h"

#include "test_places.h"
#include "tests/examples/folder.h"
#include "tests/support/catch.h"

using Catch::Matchers::ContainsSubstring;

namespace ldraw {
namespace {

// A copy of the example's small set, for a test to spoil.
class SmallSet : public Folder {
 public:
  SmallSet() {
    std::filesystem::copy(std::string(COPPICE_SOURCE_DIR) + "/examples/ldraw/small", path());
  }

  LoadedLibrary load() const { return load_library(path()); }
  std::vector<std::string> complaints() const {
    std::vector<std::string> lines;
    for (const BadLine& bad : load().bad_lines) lines.push_back(to_string(bad));
    return lines;
  }
};

using Complaints = std::vector<std::string>;

const LibraryPart& part_named(const Library& library, const std::string& name) {
  for (const LibraryPart& part : library.parts) {
    if (part.name == name) return part;
  }
  throw std::runtime_error("no part " + name);
}

TEST_CASE("the small set is whole", "[examples]") {
  const LoadedLibrary loaded = SmallSet().load();
  const Library& library = loaded.library;
  CHECK(loaded.bad_lines.empty());
  CHECK(library.parts.size() == 37);
  CHECK(library.releases.size() == 4);
  CHECK(library.placements.size() + library.later_placements == 138);
  CHECK(library.history.size() == 84);
  CHECK(library.sets.size() == 1);
  CHECK(library.submodels.size() == 4);
  CHECK(library.set_placements.size() == 44);
}

TEST_CASE("a part has its revisions with what each was made of", "[examples]") {
  const Library library = SmallSet().load().library;
  const LibraryPart& wheelset = part_named(library, "wheelset.dat");
  REQUIRE(wheelset.revisions.size() == 3);
  CHECK(wheelset.revisions[0].title == "Two wheels on an axle");
  CHECK(wheelset.revisions[0].release == 0);
  CHECK(wheelset.revisions[2].release == 2);
  REQUIRE(wheelset.revisions[2].bom.size() == 3);
  CHECK(library.parts[wheelset.revisions[1].bom[2].part].name == "nail.dat");
  CHECK(library.parts[wheelset.revisions[2].bom[2].part].name == "screw.dat");
  CHECK(wheelset.revisions[2].bom[2].quantity == 2);
}

TEST_CASE("a part knows what it moved to, and its keywords", "[examples]") {
  const Library library = SmallSet().load().library;
  const LibraryPart& nail = part_named(library, "nail.dat");
  REQUIRE(nail.revisions[0].moved_to);
  CHECK(library.parts[*nail.revisions[0].moved_to].name == "screw.dat");
  CHECK(part_named(library, "wheel.dat").revisions[1].keywords ==
        std::vector<std::string>{"flat", "flange"});
}

TEST_CASE("a release names the revisions that it brought", "[examples]") {
  const Library library = SmallSet().load().library;
  CHECK(library.releases[0].name == "2019-01");
  CHECK(library.releases[0].revisions.size() == 23);
  CHECK(library.releases[3].revisions.size() == 6);
}

TEST_CASE("a part that is referred to and was never published has no revision", "[examples]") {
  const Library library = SmallSet().load().library;
  CHECK(part_named(library, "bulb.dat").revisions.empty());
}

TEST_CASE("a compressed table is read in place of a plain one", "[examples]") {
  const SmallSet set;
  set.write_compressed("releases.tsv.zst", set.read("releases.tsv"));
  set.write("releases.tsv", "not looked at");
  CHECK(set.load().bad_lines.empty());
}

TEST_CASE("a broken line is told, and the rest of the library is there", "[examples]") {
  const SmallSet set;
  set.replace("placements.tsv", "3\t0\t1\t1\t16\t0\t0\t0\t", "3\t0\t1\t1\t16\tnowhere\t0\t0\t");
  const LoadedLibrary loaded = set.load();
  REQUIRE(loaded.bad_lines.size() == 1);
  CHECK(to_string(loaded.bad_lines[0]) ==
        "placements.tsv:2: column 'x' has 'nowhere', which is no number");
  CHECK(loaded.library.placements.size() + loaded.library.later_placements == 137);
}

TEST_CASE("what refers to a part that is not there is a bad line", "[examples]") {
  const SmallSet set;
  set.replace("bom.tsv", "3\t0\t1\t16\t2\n", "3\t0\t999\t16\t2\n");
  CHECK(set.complaints() == Complaints{"bom.tsv:2: there is no part 999"});
}

TEST_CASE("a bill of materials of a revision that is not there is a bad line", "[examples]") {
  const SmallSet set;
  set.replace("bom.tsv", "3\t0\t1\t16\t2\n", "3\t7\t1\t16\t2\n");
  CHECK(set.complaints() == Complaints{"bom.tsv:2: part 3 has no revision 7"});
}

TEST_CASE("none of a part is no line of a bill of materials", "[examples]") {
  const SmallSet set;
  set.replace("bom.tsv", "3\t0\t1\t16\t2\n", "3\t0\t1\t16\t0\n");
  CHECK(set.complaints() == Complaints{"bom.tsv:2: the quantity is 0"});
}

TEST_CASE("a part that is there twice is a bad line", "[examples]") {
  const SmallSet set;
  set.replace("parts.tsv", "2\tdisc.dat", "1\tdisc.dat");
  CHECK(set.complaints().at(0) == "parts.tsv:3: this part_id was there before");
}

TEST_CASE("a revision without the one before it is a bad line", "[examples]") {
  const SmallSet set;
  set.replace("revisions.tsv", "1\t1\t2\tchanged", "1\t2\t2\tchanged");
  CHECK(set.complaints() ==
        Complaints{"revisions.tsv:25: this is revision 2, but the next one is 1"});
}

TEST_CASE("a date that is none is a bad line", "[examples]") {
  const SmallSet set;
  set.replace("history.tsv", "2019-03-01", "1.3.2019");
  CHECK(set.complaints() == Complaints{"history.tsv:2: '1.3.2019' is no date like 2004-03-11"});
}

TEST_CASE("a placement of something unheard of is a bad line", "[examples]") {
  const SmallSet set;
  set.replace("model_placements.tsv", "\tsubmodel\t", "\tsticker\t");
  CHECK(set.complaints() ==
        Complaints{"model_placements.tsv:2: 'sticker' is neither 'part' nor 'submodel'"});
}

TEST_CASE("what depends on a broken line is told after it", "[examples]") {
  const SmallSet set;
  set.replace("models.tsv", "1\t1001-1", "one\t1001-1");
  const Complaints complaints = set.complaints();
  CHECK_THAT(complaints.at(0), ContainsSubstring("models.tsv:2: column 'model_id'"));
  CHECK(complaints.at(1) == "submodels.tsv:2: there is no model 1");
}

TEST_CASE("a folder that lacks a table is refused by the table's name", "[examples]") {
  const SmallSet set;
  std::filesystem::remove(set.path() / "bom.tsv");
  CHECK_THROWS_WITH(set.load(), ContainsSubstring("bom.tsv cannot be opened"));
}

TEST_CASE("the most used part is the one with the most parents", "[examples]") {
  const Library library = SmallSet().load().library;
  CHECK(library.parts[most_used_part(library)].name == "box.dat");
}

}  // namespace
}  // namespace ldraw
