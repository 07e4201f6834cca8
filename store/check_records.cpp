#include "store/database.h"

namespace coppice::store {
namespace {

// Checks the records of one tree, one after another in key order.
class TreeCheck {
 public:
  TreeCheck(const Catalogue& catalogue, TreeInfoPtr tree, std::vector<std::string>& faults)
      : catalogue_(catalogue), tree_(std::move(tree)), faults_(faults) {}

  void run(const Txn& txn, RecordTree records) {
    Cursor cursor(txn, records.table());
    for (bool more = cursor.first(); more; more = cursor.next()) {
      if (cursor.key().size() != 8) {
        faults_.push_back("tree " + tree_->name() + " has a key that is not 8 bytes long");
        continue;
      }
      KeyWord key(cursor.key_number());
      auto record = RecordView::parse(cursor.value());
      if (reinterpret_cast<std::uintptr_t>(cursor.value().data()) % 8 != 0)
        fault(key, "its value is not 8-byte aligned");
      if (!record) {
        fault(key, "its value contradicts its header");
        continue;
      }
      check(key, *record);
    }
  }

 private:
  void check(KeyWord key, RecordView record) {
    const RecordHeader& header = record.header();
    if (key.floats() || key.id().value == 0) fault(key, "it is not a key of a revision");
    if (!tree_->versioned() && key.revision().value != 1)
      fault(key, "an unversioned record has another revision than 1");
    if ((header.token != 0) != (header.borrower != 0))
      fault(key, "its borrow has no token, or its token no borrower");
    check_body(key, record);
    if (previous_ && key.id() == previous_.id()) check_older(previous_, previous_header_);
    previous_ = key;
    previous_header_ = header;
  }

  void check_body(KeyWord key, RecordView record) {
    if (record.header().removed()) return;
    const auto writer = catalogue_.describing(tree_->id(), record.header().schema_version);
    if (!writer) {
      return fault(key, "it was written by version " +
                            std::to_string(record.header().schema_version) +
                            " of the schema, which is not in the catalogue");
    }
    auto body = writer->shape().check(std::as_bytes(record.body()), scratch_);
    if (!body) {
      fault(key, body.error().message);
    } else if (body->words().data() != record.body().data()) {
      fault(key, "its body is not canonical");
    }
    if (record.header().released() && record.hash() != content_hash(record.body())) {
      fault(key, "it is released, and its body does not have the hash it was released with");
    }
  }

  // `key` is not the newest revision of its record.
  void check_older(KeyWord key, const RecordHeader& header) {
    if (!header.released() && !header.removed())
      fault(key, "it is not released, and a later revision exists");
    if (header.token != 0) fault(key, "it carries a borrow, and a later revision exists");
  }

  void fault(KeyWord key, const std::string& what) {
    faults_.push_back(catalogue_.format(AnyKey(tree_->id(), key)) + ": " + what);
  }

  const Catalogue& catalogue_;
  TreeInfoPtr tree_;
  std::vector<std::string>& faults_;
  std::vector<std::uint64_t> scratch_;
  KeyWord previous_;
  RecordHeader previous_header_;
};

}  // namespace

std::vector<std::string> check_records(const Database& database, const Txn& txn) {
  std::vector<std::string> faults;
  auto catalogue = database.catalogue();
  for (const auto& [id, tree] : catalogue->trees()) {
    if (auto records = database.tree(id)) TreeCheck(*catalogue, tree, faults).run(txn, *records);
  }
  return faults;
}

}  // namespace coppice::store
