// A table is damaged on purpose, one way at a time, and the check must say so.
#include "shop.coppice.h"
#include "store/database.h"
#include "tests/schema/bodies.h"
#include "tests/store/fixture.h"

namespace coppice::store {
namespace {

using Catch::Matchers::ContainsSubstring;

struct Site {
  TempFolder folder;
  Database database{folder / "data", Role::authority, quick()};
  RecordTree parts = adopt<shop::Part>();
  RecordTree companies = adopt<shop::Company>();
  Words part = test::full_part();
  Words company = test::body_of<shop::Company>([](auto body) { body.setName("Smith"); });

  Site() {
    put(parts, key(1, 1), header(1, RecordHeader::kReleased), part);
    put(parts, key(1, 2), header(2), part);
    put(companies, key(1), header(3), company);
    put(companies, key(2), header(4, RecordHeader::kRemoved), {});
  }

  template <typename T>
  RecordTree adopt() {
    database.adopt(TreeInfo::parse(TreeOf<T>::schema()).value());
    return *database.tree(TreeOf<T>::id);
  }
  void put(RecordTree tree, KeyWord at, const RecordHeader& header, const Words& body) {
    database.write([&](WriteTxn& txn) { tree.put(txn, at, header, body); });
  }
  // A value with one thing changed after it was put.
  void damage(RecordTree tree, KeyWord at,
              const std::function<void(std::span<std::byte>)>& change) {
    database.write([&](WriteTxn& txn) {
      const auto value = tree.find(txn, at)->value();
      std::vector<std::byte> copy(value.begin(), value.end());
      change(copy);
      txn.put(tree.table(), at.value, copy);
    });
  }
  // What the check says, if that is one thing.
  std::string fault() {
    const auto faults = faults_of(database);
    if (faults.size() != 1) return std::to_string(faults.size()) + " faults";
    return faults.front();
  }
};

}  // namespace

TEST_CASE("a sound database has no faults", "[store]") {
  Site site;
  CHECK(faults_of(site.database).empty());
}

TEST_CASE("a key without a revision, or without an id, is a fault", "[store]") {
  Site site;
  site.put(site.parts, key(5, 0), header(9), site.part);
  CHECK_THAT(site.fault(), ContainsSubstring("it is not a key of a revision"));
  Site other;
  other.put(other.parts, key(0, 1), header(9), other.part);
  CHECK_THAT(other.fault(), ContainsSubstring("it is not a key of a revision"));
}

TEST_CASE("a second revision of an unversioned record is a fault", "[store]") {
  Site site;
  site.put(site.companies, key(3, 2), header(9), site.company);
  CHECK(site.fault() == "companies:3.2: an unversioned record has another revision than 1");
}

TEST_CASE("a draft below a later revision is a fault", "[store]") {
  Site site;
  site.put(site.parts, key(1, 3), header(9), site.part);
  CHECK(site.fault() == "parts:1.2: it is not released, and a later revision exists");
}

TEST_CASE("a borrow of an older revision is a fault", "[store]") {
  Site site;
  RecordHeader borrowed = header(9, RecordHeader::kReleased);
  borrowed.token = 4;
  borrowed.borrower = 1;
  site.put(site.parts, key(1, 1), borrowed, site.part);
  CHECK(site.fault() == "parts:1.1: it carries a borrow, and a later revision exists");
}

TEST_CASE("a token without a borrower, and a borrower without a token, is a fault", "[store]") {
  Site site;
  RecordHeader half = header(9);
  half.token = 4;
  site.put(site.parts, key(1, 2), half, site.part);
  CHECK_THAT(site.fault(), ContainsSubstring("its borrow has no token, or its token no borrower"));
  half.token = 0;
  half.borrower = 4;
  site.put(site.parts, key(1, 2), half, site.part);
  CHECK_THAT(site.fault(), ContainsSubstring("its borrow has no token, or its token no borrower"));
}

TEST_CASE("a value that contradicts its header is a fault", "[store]") {
  Site site;
  site.damage(site.companies, key(1), [](std::span<std::byte> value) {
    value[offsetof(RecordHeader, body_words)] = std::byte{99};
  });
  CHECK(site.fault() == "companies:1.1: its value contradicts its header");
}

TEST_CASE("a value that is not aligned is a fault", "[store]") {
  Site site;
  site.database.write([&](WriteTxn& txn) {
    const std::vector<std::byte> odd(67);
    txn.put(site.companies.table(), key(9).value, odd);
  });
  // Its neighbours on the page are moved too, so there may be more than one.
  std::size_t about_alignment = 0;
  for (const auto& fault : faults_of(site.database)) {
    if (fault.find("not 8-byte aligned") != std::string::npos) ++about_alignment;
  }
  CHECK(about_alignment > 0);
}

TEST_CASE("a body that its tree's schema does not allow is a fault", "[store]") {
  Site site;
  site.put(site.companies, key(3), header(9), Words{~std::uint64_t{0}, 1, 2});
  CHECK_THAT(site.fault(), ContainsSubstring("companies:3.1: "));
}

TEST_CASE("a body that is not canonical is a fault", "[store]") {
  Site site;
  capnp::MallocMessageBuilder message;
  auto company = message.initRoot<shop::Company>();
  company.setCity("York");
  company.setName("Smith");  // after the city, where its place is before it
  site.put(site.companies, key(3), header(9), test::raw_words(message));
  CHECK(site.fault() == "companies:3.1: its body is not canonical");
}

TEST_CASE("a released body that does not have its hash is a fault", "[store]") {
  Site site;
  site.damage(site.parts, key(1, 1), [](std::span<std::byte> value) {
    value.back() ^= std::byte{1};  // of the hash
  });
  CHECK(site.fault() ==
        "parts:1.1: it is released, and its body does not have the hash it was released with");
}

TEST_CASE("a key that is not 8 bytes long is a fault", "[store]") {
  TempFolder folder;
  Database database(folder / "data", Role::authority, quick());
  // Made before the tree is adopted, as what it should not be.
  const Table wrong = database.table("tree.f1460dbe5a92c387", Layout::byte_keys);
  database.adopt(TreeInfo::parse(TreeOf<shop::Company>::schema()).value());
  database.write([&](WriteTxn& txn) { txn.put(wrong, bytes_of(words(2)), bytes_of(words(8))); });
  const auto faults = faults_of(database);
  REQUIRE(faults.size() == 1);
  CHECK(faults.front() == "tree companies: it has a key that is not 8 bytes long");
}

TEST_CASE("records of a tree that the catalogue does not know are a fault", "[store]") {
  Site site;
  const RecordTree tree(site.database.table("tree.00000000000000aa", Layout::integer_keys));
  // Left by a program that ended before it made the tree.
  CHECK(faults_of(site.database).empty());
  RecordHeader header;
  header.flags = RecordHeader::kRemoved;
  site.database.write(
      [&](WriteTxn& txn) { tree.put(txn, KeyWord(RecordId{1}, Revision{1}), header, {}); });
  CHECK(site.fault() == "table tree.00000000000000aa: the catalogue has no schema for its records");
}

TEST_CASE("a check goes on after what is damaged", "[store]") {
  Site site;
  for (const auto& at : {key(1), key(2)}) {
    site.damage(site.companies, at, [](std::span<std::byte> value) { value[60] = std::byte{99}; });
  }
  site.put(site.parts, key(1, 3), header(9), site.part);
  CHECK(faults_of(site.database).size() == 3);
  CheckReport report(CheckReport::Side::authority);
  std::vector<KeyWord> whole;
  visit_whole_records(site.database.read(), site.companies, report,
                      [&](KeyWord at, RecordView) { whole.push_back(at); });
  CHECK(whole.empty());
}

}  // namespace coppice::store
