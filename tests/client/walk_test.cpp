// Walks over a tree, which read ahead.
#include "tests/client/site.h"

namespace coppice::test {
namespace {

using Ids = std::vector<std::uint64_t>;

Ids typed(const Snapshot& now, Key<shop::Company> from = {}) {
  Ids ids;
  for (const auto company : now.tree<shop::Company>(from)) {
    CHECK(company->getName().size() > 0);
    ids.push_back(company.key().id().value);
  }
  return ids;
}

// A replica with this many companies, of which every third was removed.
struct Firm {
  Site site;
  Desk ann{site, "ann"};
  Ids ids;

  explicit Firm(int count) {
    ann.go_on_line();
    REQUIRE(ann->write([&](Transaction& t) {
      for (int i = 0; i < count; ++i) {
        t.create<shop::Company>([&](auto body) { body.setName(std::to_string(i)); });
      }
    }));
    site.settle();
    {
      const auto now = ann->snapshot();
      ids = typed(now);
    }
    for (std::size_t i = 2; i < ids.size(); i += 3) remove(ids[i]);
    std::size_t place = 0;
    std::erase_if(ids, [&](std::uint64_t) { return ++place % 3 == 0; });
  }

  void remove(std::uint64_t id) {
    const Key<shop::Company> key(RecordId{id}, Revision{1});
    ann.borrow(key);
    REQUIRE(ann->write([&](Transaction& t) { t.remove(key); }));
    site.settle();
  }
};

Ids untyped(AnyIterator walk) {
  Ids ids;
  while (const auto record = walk.next()) ids.push_back(record->key.id().value);
  return ids;
}

}  // namespace

TEST_CASE("a walk meets each record once, however many there are", "[client]") {
  // Around the sizes in which it reads ahead: 1, 2, 4 ... in all 1, 3, 7 ...
  for (const int count : {0, 1, 2, 3, 4, 9, 10, 11, 100}) {
    Firm firm(count);
    const auto now = firm.ann->snapshot();
    CHECK(typed(now) == firm.ids);
    CHECK(untyped(now.walk(TreeOf<shop::Company>::id)) == firm.ids);
  }
}

TEST_CASE("a walk begins at a key, and goes on after it was moved", "[client]") {
  Firm firm(30);
  const auto now = firm.ann->snapshot();
  const Key<shop::Company> fifth(RecordId{firm.ids[4]}, Revision{1});
  CHECK(typed(now, fifth) == Ids(firm.ids.begin() + 4, firm.ids.end()));
  AnyIterator walk = now.walk(TreeOf<shop::Company>::id);
  walk.next();
  walk.next();
  CHECK(untyped(std::move(walk)) == Ids(firm.ids.begin() + 2, firm.ids.end()));
  CHECK(untyped(now.walk(TreeOf<shop::Part>::id)).empty());
  CHECK(untyped(now.walk(TreeId{12345})).empty());
}

}  // namespace coppice::test
