#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/index_entries.h"
#include "store/unique_check.h"

namespace coppice::store {

// An authority's unique indexes of one tree, made anew by a migration: from all bodies as it makes
// them, those of released revisions too. Nobody else can read these as the tree's newest schema,
// and nobody has to again, since they never change.
//
// Made are all unique indexes where a generation begins; else those of fields that were not unique
// before. What is added is kept in memory, about 50 bytes for each value. One thread.
class UniqueRebuild {
 public:
  struct Target {
    WriteTxn& txn;
    const IndexTables& tables;
    const Meta& meta;
  };
  // `target`: null where it is only to be known what finish() returns. It and the infos are to live
  // as long as this.
  UniqueRebuild(const TreeInfo& before, const TreeInfo& after, const Target* target);

  // Whether there is anything to be made.
  bool has_work() const;
  // A record as it will be, once each. The body is one by `after`.
  void add(KeyWord key, std::span<const std::uint64_t> body);

  // Writes the indexes, if there is a target; the transaction is not to be committed if anything is
  // returned: values that belong to two records, one for each of them but the first.
  std::vector<SharedValue> finish();

 private:
  class LongValues;

  bool is_made(const TreeInfo& before, unsigned index) const;
  void judge(const IndexEntries::Settled& entry);
  void share(unsigned index, KeyWord first, KeyWord second, const FieldValue& value);
  void put_rows() const;

  const TreeInfo& after_;
  const Target* const target_;
  // By place in the plan; what is not made has 0.
  std::vector<IndexNumber> numbers_;
  IndexEntries entries_;
  // Values that keys cut off, by index, with the first record that has each.
  std::map<std::pair<unsigned, std::string>, KeyWord> long_values_;
  // The value that is being judged: its key in the table, and the first record that has it.
  std::vector<std::byte> judged_;
  KeyWord owner_;
  std::vector<SharedValue> shared_;
};

}  // namespace coppice::store
