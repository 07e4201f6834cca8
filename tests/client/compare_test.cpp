// A replica is compared with its authority by digests, and damaged on purpose.
#include "tests/client/site.h"

namespace coppice::test {
namespace {

using Keys = std::vector<AnyKey>;

// A replica with this many parts, all of them at the server.
struct Shop {
  Site site;
  Desk ann{site, "ann"};
  Keys parts;

  explicit Shop(int count = 300) {
    ann.go_on_line();
    REQUIRE(ann->write([&](Transaction& t) {
      for (int i = 0; i < count; ++i) {
        t.create<shop::Part>([&](auto body) { body.setNumber(std::to_string(i)); });
      }
    }));
    site.settle();
    const auto now = ann->snapshot();
    for (const auto part : now.tree<shop::Part>()) parts.push_back(part.key());
  }

  Result<Comparison> compare() {
    const auto comparing = ann->compare();
    site.settle();
    REQUIRE(comparing.result());
    return *comparing.result();
  }

  // Changes the replica behind its client's back.
  void tamper(const std::function<void(store::WriteTxn&, const store::RecordTree&)>& change) {
    ann.close();
    {
      store::Database database(ann.folder, store::Role::replica);
      database.write(
          [&](store::WriteTxn& txn) { change(txn, *database.tree(TreeOf<shop::Part>::id)); });
    }
    ann.go_on_line();
  }
  // One bit of the body.
  void damage(AnyKey key) {
    tamper([&](store::WriteTxn& txn, const store::RecordTree& tree) {
      const auto found = tree.find(txn, key.word)->value();
      std::vector<std::byte> value(found.begin(), found.end());
      value.back() ^= std::byte{1};
      txn.put(tree.table(), key.word.value, value);
    });
  }
  // Another record as a new one that the server does not know.
  AnyKey smuggle(std::uint64_t id) {
    const KeyWord key(RecordId{id}, Revision{1});
    tamper([&](store::WriteTxn& txn, const store::RecordTree& tree) {
      const auto found = tree.find(txn, parts.front().word)->value();
      const std::vector<std::byte> value(found.begin(), found.end());
      txn.put(tree.table(), key.value, value);
    });
    return AnyKey(TreeOf<shop::Part>::id, key);
  }
};

}  // namespace

TEST_CASE("a replica that has what the server has needs one question", "[client]") {
  Shop shop;
  const auto compared = shop.compare();
  REQUIRE(compared);
  CHECK(compared->equal());
  CHECK(compared->complete);
  CHECK(compared->questions == 1);
  CHECK(compared->records == 300);
  CHECK(compared->sequence == shop.ann->snapshot().sequence());
}

TEST_CASE("an empty replica is equal to an empty server", "[client]") {
  Shop shop(0);
  CHECK(shop.compare()->equal());
}

TEST_CASE("a record that differs in one bit is named", "[client]") {
  for (const std::size_t place : {0, 150, 299}) {
    Shop shop;
    shop.damage(shop.parts[place]);
    const auto compared = shop.compare();
    REQUIRE(compared);
    CHECK(compared->different == Keys{shop.parts[place]});
    CHECK(compared->missing.empty());
    CHECK(compared->surplus.empty());
    // 300 records, 60 parts of 5, 5 records.
    CHECK(compared->questions == 3);
  }
}

TEST_CASE("records that are missing are named", "[client]") {
  Shop shop;
  const Keys lost{shop.parts[0], shop.parts[1], shop.parts[77], shop.parts[299]};
  shop.tamper([&](store::WriteTxn& txn, const store::RecordTree& tree) {
    for (const AnyKey key : lost) tree.erase(txn, key.word);
  });
  const auto compared = shop.compare();
  REQUIRE(compared);
  CHECK(compared->missing == lost);
  CHECK(compared->different.empty());
  CHECK(compared->surplus.empty());
}

TEST_CASE("records that the server does not have are named", "[client]") {
  Shop shop(3);
  const Keys smuggled{shop.smuggle(900'000), shop.smuggle(900'001)};
  const auto compared = shop.compare();
  REQUIRE(compared);
  CHECK(compared->surplus == smuggled);
  CHECK(compared->missing.empty());
  CHECK(compared->different.empty());
}

TEST_CASE("many more records than the server has do not make it ask for ever", "[client]") {
  Shop shop(3);
  shop.tamper([&](store::WriteTxn& txn, const store::RecordTree& tree) {
    const auto found = tree.find(txn, shop.parts.front().word)->value();
    const std::vector<std::byte> value(found.begin(), found.end());
    for (std::uint64_t id = 1; id <= 5'000; ++id) {
      const KeyWord key(RecordId{id}, Revision{2});
      txn.put(tree.table(), key.value, value);
    }
  });
  const auto compared = shop.compare();
  REQUIRE(compared);
  CHECK_FALSE(compared->complete);
  CHECK(compared->surplus.size() == 1'000);
}

TEST_CASE("a lost tree is found, too", "[client]") {
  Shop shop(100);
  shop.tamper(
      [&](store::WriteTxn& txn, const store::RecordTree& tree) { txn.clear(tree.table()); });
  const auto compared = shop.compare();
  REQUIRE(compared);
  CHECK(compared->missing == shop.parts);
}

TEST_CASE("work that the server has not got yet is no difference", "[client]") {
  Shop shop(10);
  const Key<shop::Part> key(shop.parts[4].word);
  shop.ann.borrow(key);
  REQUIRE(shop.ann.retitle(key, "edited and not checked in"));
  CHECK(shop.compare()->equal());
  shop.ann.make_part("new");
  // Asked before the create has travelled.
  const auto compared = shop.compare();
  REQUIRE(compared);
  CHECK(compared->equal());
  CHECK(shop.compare()->equal());
}

TEST_CASE("what others do meanwhile is no difference", "[client]") {
  Shop shop;
  Desk bob(shop.site, "bob");
  bob.go_on_line();
  const Key<shop::Part> key(shop.parts[5].word);
  bob.borrow(key);
  REQUIRE(bob.retitle(key, "other"));
  REQUIRE(bob.check_in(key));
  bob.make_part("new");
  const auto comparing = shop.ann->compare();
  shop.site.settle();
  REQUIRE(comparing.result());
  REQUIRE(comparing.result()->has_value());
  CHECK((*comparing.result())->equal());
}

TEST_CASE("a comparison needs a live connection", "[client]") {
  Shop shop(1);
  shop.ann.go_off_line();
  CHECK(code_of(shop.ann->compare()) == Errc::offline);
}

TEST_CASE("a comparison ends with the connection", "[client]") {
  Shop shop(1);
  const auto comparing = shop.ann->compare();
  CHECK(code_of(shop.ann->compare()) == Errc::bad_request);
  shop.ann.cut();
  shop.site.settle();
  CHECK(code_of(comparing) == Errc::offline);
  CHECK(shop.compare()->equal());
}

TEST_CASE("a damaged replica is made whole by fetching everything anew", "[client]") {
  Shop shop(200);
  const Key<shop::Part> edited(shop.parts[20].word);
  shop.ann.borrow(edited);
  REQUIRE(shop.ann.retitle(edited, "mine"));
  CHECK(code_of(shop.ann->fetch_anew()) == Errc::bad_request);
  shop.damage(shop.parts[3]);
  // One that nothing can be read of, one that is gone, and one too many.
  shop.tamper([&](store::WriteTxn& txn, const store::RecordTree& tree) {
    const std::vector<std::byte> noise(72, std::byte{0x5a});
    txn.put(tree.table(), shop.parts[4].word.value, noise);
    tree.erase(txn, shop.parts[5].word);
  });
  shop.smuggle(900'000);
  shop.ann.go_off_line();
  CHECK_FALSE(shop.ann->check_invariants().empty());
  REQUIRE(shop.ann->fetch_anew());
  // Until the server is there, all stays as it is.
  CHECK(shop.ann->snapshot().get(edited).has_value());
  shop.ann.go_on_line();
  CHECK(shop.compare()->equal());
  CHECK(shop.ann->check_invariants() == std::vector<std::string>{});
  CHECK(shop.ann.title(edited) == "mine");
  REQUIRE(shop.ann.check_in(edited));
  shop.site.settle();
  CHECK(shop.compare()->equal());
}

}  // namespace coppice::test
