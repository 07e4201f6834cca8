#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/snapshot_state.h"
#include "schema/field_map.h"
#include "schema/value_test.h"
#include "store/index_tables.h"

// Keys out of declared indexes, for the candidates of queries.
namespace coppice::client {

// The index of a field in one snapshot.
struct AskableIndex {
  store::IndexNumber number;  // none: it cannot be asked
  std::string why_not;        // then, for people
};
AskableIndex index_of(const SnapshotState& snapshot, TreeId tree, const FieldMap::Field& field);
// The index of a kind that a tree has once. None: it is not there, or not complete.
store::IndexNumber joint_index(const SnapshotState& snapshot, TreeId tree, IndexPlan::Kind kind);

// Adds the keys of an index in a span. False: there would be more than so many. `has_cut`: becomes
// true where the index does not know the values exactly.
bool add_keys_in(const SnapshotState& snapshot, store::IndexNumber number, const ValueSpan& span,
                 std::uint64_t keys_max, std::vector<KeyWord>& keys, bool& has_cut);
// Adds those of one tree that name this key in whatever reference. False: as above.
bool add_users(const SnapshotState& snapshot, AnyKey used, TreeId users_in, std::uint64_t keys_max,
               std::vector<KeyWord>& keys);
// The same for all revisions of a record, and floating references to it.
bool add_users_of_record(const SnapshotState& snapshot, AnyKey record, TreeId users_in,
                         std::uint64_t keys_max, std::vector<KeyWord>& keys);

// In ascending order, each once.
void sort_keys(std::vector<KeyWord>& keys);

}  // namespace coppice::client
