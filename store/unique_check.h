#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/indexes.h"
#include "store/value_cursor.h"

namespace coppice::store {

// Whether every unique value still belongs to one record when the bodies of a transaction are
// written: judged by what the transaction leaves behind, so that two records may swap their values.
//
// A record may keep a value that it has, even where another has it too: in a replica that is so
// between work that was not sent yet and what others made meanwhile, until the authority answers.
//
// Indexes that are not complete are not asked. A body of an earlier generation that nobody here can
// read has what the index says; of a value that the index cuts off, whatever begins like it.
// REQUIRES: what was written before is in the indexes.
class UniqueCheck {
 public:
  UniqueCheck(const Indexes& indexes, const Txn& txn) : indexes_(indexes), txn_(txn) {}

  // The record will have this body. It is a view; valid until run(). Empty: it will be removed.
  void add(AnyKey key, const WrittenBody& body);

  // A value of `key` that belongs to `owner`, a record of the same tree.
  struct Clash {
    AnyKey key;
    AnyKey owner;
    std::string field;
    std::string value;  // for people
  };
  // In the order of add(), one for each value.
  std::vector<Clash> run();

 private:
  class Collector;
  struct Value {
    const Indexes::Tree* tree;
    unsigned index;  // in the tree's plan
    bool is_cut;
    FieldValue value;
    ValueEntry entry;  // of the key in the table; looks at `value`
    std::size_t body;  // in bodies_
  };
  // What values are sorted by, nearly always.
  struct Place {
    std::uint64_t high;
    std::uint64_t low;
    std::size_t value;  // in values_
  };
  struct Body {
    AnyKey key;
    IndexableBody body;
  };
  // Of one value, in what is stored.
  struct Owners {
    std::vector<RecordId> had;
    std::optional<AnyKey> remaining;  // one that the transaction does not write
    bool has(RecordId id) const;
  };

  bool is_before(const Place& a, const Place& b) const;
  bool are_equal(const Place& a, const Place& b) const;
  // Values that are equal, in the order of their bodies.
  void judge(std::span<const Place> wanted, ValueFinder& stored,
             std::vector<std::pair<std::size_t, Clash>>& found);
  Owners owners(const Value& value, const std::vector<KeyWord>& stored);
  bool is_in(const Value& value, AnyKey key) const;
  bool is_rewritten(AnyKey key);

  const Indexes& indexes_;
  const Txn& txn_;
  std::deque<Body> bodies_;
  std::vector<Value> values_;
  std::vector<Place> places_;
  std::vector<AnyKey> rewritten_;  // of bodies_, sorted as soon as somebody asks
};

// A value that two records have.
struct SharedValue {
  KeyWord first;
  KeyWord second;
  std::string field;
  std::string value;  // for people
};
// One in a complete index that is to be unique; what counts as unset is left out, and values that
// the index cuts off in bodies that nobody can read. Walks it all.
std::optional<SharedValue> find_shared_value(const IndexTables& tables, const TreeInfo& info,
                                             const RecordTree& records, unsigned index,
                                             IndexNumber number, const Txn& txn,
                                             const OldBodies* old);
// One in the unique indexes that `offered` has and `stored` has not. REQUIRES: `indexes` follows
// `offered`, and they are built.
std::optional<SharedValue> find_shared_value(const Indexes& indexes, const TreeInfo& offered,
                                             const TreeInfo& stored, const Txn& txn);

// The refusal that tells of a clash; `names` formats keys. Its `actual` is the owner's key word.
Error not_unique(const Catalogue& names, const UniqueCheck::Clash& clash);

}  // namespace coppice::store
