#include "client/id_pool.h"

#include <set>

#include "tests/client/site.h"

namespace coppice::client {
namespace {

constexpr TreeId kTree{7};
constexpr TreeId kOther{8};

std::uint64_t take(IdPool& pool, TreeId tree = kTree) {
  const auto id = pool.take(tree);
  return id ? id->value : 0;
}

}  // namespace

TEST_CASE("ids come out of their ranges in order, each once, and then there are none", "[client]") {
  IdPool pool;
  CHECK(take(pool) == 0);
  pool.add(kTree, {10, 10, 12});
  pool.add(kTree, {20, 21, 23});
  pool.add(kOther, {5, 5, 6});
  CHECK(pool.left(kTree) == 4);
  CHECK(pool.capacity(kTree) == 5);
  for (std::uint64_t id : {10, 11, 21, 22}) CHECK(take(pool) == id);
  CHECK(take(pool) == 0);
  CHECK(take(pool, kOther) == 5);
  CHECK(pool.left(kTree) == 0);
}

TEST_CASE("ids that are given back are taken again, ids that are kept are not", "[client]") {
  IdPool pool;
  pool.add(kTree, {1, 1, 3});
  pool.add(kTree, {10, 10, 12});
  for (std::uint64_t id : {1, 2, 10}) CHECK(take(pool) == id);
  pool.give_back();
  CHECK(pool.left(kTree) == 4);
  CHECK(pool.changed().empty());
  for (std::uint64_t id : {1, 2, 10}) CHECK(take(pool) == id);
  const auto changed = pool.changed();
  REQUIRE(changed.size() == 2);
  CHECK(changed[0].second.next == 3);
  CHECK(changed[1].second.next == 11);
  pool.keep();
  CHECK(pool.changed().empty());
  CHECK(take(pool) == 11);
  pool.give_back();
  CHECK(take(pool) == 11);
}

TEST_CASE("a range that comes while ids are taken is there after a give-back", "[client]") {
  IdPool pool;
  pool.add(kTree, {1, 1, 2});
  CHECK(take(pool) == 1);
  pool.add(kTree, {10, 10, 11});
  CHECK(take(pool) == 10);
  pool.give_back();
  CHECK(take(pool) == 1);
  CHECK(take(pool) == 10);
}

TEST_CASE("a range that is used up already gives nothing", "[client]") {
  IdPool pool;
  pool.add(kTree, {1, 4, 4});
  CHECK(take(pool) == 0);
  CHECK(pool.left(kTree) == 0);
}

TEST_CASE("no id is used twice, whatever fails and however often the replica is opened",
          "[client]") {
  test::Site site;
  test::Desk ann(site, "ann");
  ann.go_on_line();
  ann.go_off_line();
  std::set<KeyWord> made;
  for (int i = 0; i < 30; ++i) {
    if (i % 7 == 3) ann.reopen();
    if (i % 3 == 1) {
      struct Stop {};
      CHECK_THROWS_AS(ann->write([](Transaction& t) {
        t.create<shop::Part>([](shop::Part::Builder) {});
        throw Stop{};
      }),
                      Stop);
      CHECK_FALSE(ann->write([](Transaction& t) {
        t.create<shop::Part>([](shop::Part::Builder) {});
        t.remove(AnyKey(TreeOf<shop::Part>::id, KeyWord(RecordId{999'999}, Revision{1})));
      }));
    }
    CHECK(made.insert(ann.make_part("P").word).second);
  }
  ann.go_on_line();
  CHECK(site.count(TreeOf<shop::Part>::id) == 30);
  check_equal(site, ann);
}

}  // namespace coppice::client
