// A database of every format that had runs of index values, in tests/compat/runs, is opened by
// every build, with what a drain had begun.
//
// To add the next one: COPPICE_MAKE_COMPAT_RUNS=tests/compat/runs/2 coppice_tests "a new format of
// runs*"
#include <cstdlib>

#include "store/compact.h"
#include "store/format.h"
#include "tests/store/index_depot.h"

namespace coppice::store {
namespace {

namespace fs = std::filesystem;

// Sixty articles with numbers of three lengths, of which the first twenty changed and the last two
// are gone: in the table, in a run that is drained in part, and in one above it.
constexpr RunLimits kLimits{.direct_max = 8, .fan_out = 16, .bytes_max = 1 << 20};

std::string number_of(std::uint64_t id, const std::string& kind) {
  return kind + std::string(id % 3 * 12, '-') + std::to_string(id);
}

void make(const fs::path& folder) {
  Depot depot(article_tree(), kLimits);
  Depot::Bodies first, changed;
  for (std::uint64_t id = 1; id <= 60; ++id) {
    first.emplace_back(key(id), numbered(number_of(id, "A"), static_cast<std::int64_t>(id)));
    if (id <= 20) changed.emplace_back(key(id), numbered(number_of(id, "B"), -1));
    if (id > 58) changed.emplace_back(key(id), Words{});
  }
  depot.write(first);
  depot.indexes->drain(200);
  depot.write(changed);
  depot.indexes.reset();
  depot.database.reset();
  compact(depot.folder / "depot", Role::replica);
  fs::create_directories(folder);
  fs::copy_file(depot.folder / "depot" / "data.mdb", folder / "data.mdb");
}

}  // namespace

TEST_CASE("a new format of runs gets its database made", "[store]") {
  if (const char* folder = std::getenv("COPPICE_MAKE_COMPAT_RUNS")) make(folder);
}

TEST_CASE("runs of every format are read, written to and drained", "[store]") {
  std::size_t formats = 0;
  for (const auto& format : fs::directory_iterator(COPPICE_SOURCE_DIR "/tests/compat/runs")) {
    INFO(format.path());
    ++formats;
    Depot depot;
    depot.indexes.reset();
    depot.database.reset();
    fs::copy_file(format.path() / "data.mdb", depot.folder / "depot" / "data.mdb",
                  fs::copy_options::overwrite_existing);
    depot.open();
    const auto check = [&] {
      CHECK(depot.faults() == std::vector<std::string>{});
      CHECK(depot.ids("price", ValueRange::of(-1)).size() == 20);
      CHECK(depot.ids("number").size() == 58);
      for (const std::uint64_t id : {1, 2, 3, 20}) {
        const std::string was = number_of(id, "A"), is = number_of(id, "B");
        CHECK(depot.ids("number", ValueRange::of(std::string_view(was))) == Depot::Ids{});
        CHECK(depot.ids("number", ValueRange::of(std::string_view(is))) == Depot::Ids{id});
      }
    };
    REQUIRE(depot.indexes->has_runs());
    CHECK(depot.database->meta().number(depot.database->read(), kFormatFact) == kFormatWithRuns);
    check();
    depot.write({{key(99), numbered("new")}, {key(21), {}}});
    CHECK(depot.faults() == std::vector<std::string>{});
    depot.write({{key(99), {}}, {key(21), numbered(number_of(21, "A"), 21)}});
    depot.indexes->drain_to_the_end();
    check();
  }
  CHECK(formats > 0);
}

}  // namespace coppice::store
