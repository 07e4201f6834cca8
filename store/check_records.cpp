#include "store/check_records.h"

#include <algorithm>

#include "store/indexes.h"

namespace coppice::store {
namespace {

bool is_aligned(Bytes value) { return reinterpret_cast<std::uintptr_t>(value.data()) % 8 == 0; }

// Checks the records of one tree, one after another in key order.
class TreeCheck {
 public:
  TreeCheck(const Catalogue& catalogue, TreeInfoPtr tree, CheckReport& report)
      : catalogue_(catalogue), tree_(std::move(tree)), report_(report) {}

  void run(const Txn& txn, RecordTree records) {
    try {
      walk(txn, records);
    } catch (const CorruptionError& e) {
      report_.found(Trouble::damage, "tree " + tree_->name(),
                    std::string("it cannot be read to its end: ") + e.what());
    }
  }

 private:
  void walk(const Txn& txn, RecordTree records) {
    Cursor cursor(txn, records.table());
    for (bool more = cursor.first(); more && report_.step(); more = cursor.next()) {
      if (cursor.key().size() != 8) {
        report_.found(Trouble::damage, "tree " + tree_->name(),
                      "it has a key that is not 8 bytes long");
        continue;
      }
      const KeyWord key(cursor.key_number());
      if (!is_aligned(cursor.value())) {
        damage(key, "its value is not 8-byte aligned");
        continue;
      }
      const auto record = RecordView::parse(cursor.value());
      if (!record) {
        damage(key, "its value contradicts its header");
        continue;
      }
      check(key, *record);
    }
  }

  void check(KeyWord key, RecordView record) {
    const RecordHeader& header = record.header();
    if (key.floats() || key.id().value == 0) contradiction(key, "it is not a key of a revision");
    if (!tree_->versioned() && key.revision().value != 1)
      contradiction(key, "an unversioned record has another revision than 1");
    if ((header.token != 0) != (header.borrower != 0))
      contradiction(key, "its borrow has no token, or its token no borrower");
    check_body(key, record);
    if (previous_ && key.id() == previous_.id()) check_older(previous_, previous_header_);
    previous_ = key;
    previous_header_ = header;
  }

  void check_body(KeyWord key, RecordView record) {
    if (record.header().removed()) return;
    const auto writer = catalogue_.describing(tree_->id(), record.header().schema_version);
    if (!writer) {
      return contradiction(key, "it was written by version " +
                                    std::to_string(record.header().schema_version) +
                                    " of the schema, which is not in the catalogue");
    }
    auto body = writer->shape().check(std::as_bytes(record.body()), scratch_);
    if (!body) {
      damage(key, body.error().message);
    } else if (body->words().data() != record.body().data()) {
      damage(key, "its body is not canonical");
    }
    if (record.header().released() && record.hash() != content_hash(record.body())) {
      damage(key, "it is released, and its body does not have the hash it was released with");
    }
  }

  // `key` is not the newest revision of its record.
  void check_older(KeyWord key, const RecordHeader& header) {
    if (!header.released() && !header.removed())
      contradiction(key, "it is not released, and a later revision exists");
    if (header.token != 0) contradiction(key, "it carries a borrow, and a later revision exists");
  }

  void damage(KeyWord key, const std::string& what) { found(Trouble::damage, key, what); }
  void contradiction(KeyWord key, const std::string& what) {
    found(Trouble::contradiction, key, what);
  }
  void found(Trouble trouble, KeyWord key, const std::string& what) {
    report_.found(trouble, catalogue_.format(AnyKey(tree_->id(), key)), what);
  }

  const Catalogue& catalogue_;
  TreeInfoPtr tree_;
  CheckReport& report_;
  std::vector<std::uint64_t> scratch_;
  KeyWord previous_;
  RecordHeader previous_header_;
};

// By a transaction of its own: in one that began before a table was opened, the table is not there.
bool is_empty(Database& database, const std::string& name) {
  const auto table =
      database.environment().open_table(name, Layout::integer_keys, Environment::IfMissing::leave);
  return !table || database.read().count(*table) == 0;
}

// Trees without schema hold records that nothing can read. An empty table is only what is left
// where a tree was to be made and then was not: it is made before the transaction.
void check_tables(Database& database, const Catalogue& catalogue, CheckReport& report) {
  std::vector<std::string> known;
  for (const auto& [id, tree] : catalogue.trees()) known.push_back(tree_table_name(id));
  for (const std::string& name : database.environment().table_names()) {
    const bool is_known = std::ranges::find(known, name) != known.end();
    if (name.starts_with("tree.") && !is_known && !is_empty(database, name)) {
      report.found(Trouble::contradiction, "table " + name,
                   "the catalogue has no schema for its records");
    }
  }
}

}  // namespace

void check_records(Database& database, const Txn& txn, CheckReport& report) {
  const auto catalogue = database.catalogue();
  check_tables(database, *catalogue, report);
  for (const auto& [id, tree] : catalogue->trees()) {
    if (auto records = database.tree(id)) TreeCheck(*catalogue, tree, report).run(txn, *records);
  }
}

void check_declared_indexes(Database& database, const Txn& txn, CheckReport& report,
                            const OldBodies* old) {
  if (!report.complete()) return;
  if (report.count(Trouble::damage) > 0) {
    report.left_out("the declared indexes, as records are damaged");
    return;
  }
  auto findings = check_indexes(database, txn, old);
  for (auto& fault : findings.faults)
    report.found(Trouble::derived, "the declared indexes", std::move(fault));
  if (findings.unread > 0) {
    report.left_out("what the declared indexes have of " + std::to_string(findings.unread) +
                    " records of earlier generations, which only the migration can read");
  }
}

void visit_whole_records(const Txn& txn, RecordTree tree, CheckReport& report,
                         const std::function<void(KeyWord, RecordView)>& visit) {
  Cursor cursor(txn, tree.table());
  try {
    for (bool more = cursor.first(); more && report.step(); more = cursor.next()) {
      if (cursor.key().size() != 8 || !is_aligned(cursor.value())) continue;
      if (const auto record = RecordView::parse(cursor.value())) {
        visit(KeyWord(cursor.key_number()), *record);
      }
    }
  } catch (const CorruptionError& e) {
    report.found(Trouble::damage, "a row or a tree", e.what());
  }
}

}  // namespace coppice::store
