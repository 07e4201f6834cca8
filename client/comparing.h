#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_set>
#include <vector>

#include "client/replica.h"
#include "coppice/comparison.h"
#include "coppice/protocol.capnp.h"
#include "schema/record_digest.h"

namespace coppice::client {

// Finds out in what a replica differs from its authority, question by question: first one digest
// for each tree; where it differs, digests of up to 64 parts of it, and so on until single records
// differ.
//
// Both sides leave out what has a sequence above the cursor of our snapshot, and we leave out what
// the server names as changed since: so nobody has to stand still. Of a record with unsent work of
// our own its base counts.
class Comparing {
 public:
  // REQUIRES: the replica is whole: neither in a first sync nor catching up.
  explicit Comparing(Replica& replica);

  // The next question.
  void ask(protocol::Compare::Builder question);
  // Deals with the answer to it. Returns whether there is another question. Errors: cancelled (so
  // much changed meanwhile that it must begin anew), bad_request (the answer fits no question).
  Result<bool> take(protocol::Compared::Reader answer);
  Comparison result() { return std::move(result_); }

 private:
  // Records of a tree with keys above `after` and up to `up_to`.
  struct Range {
    TreeId tree;
    std::uint64_t after = 0;
    std::uint64_t up_to = 0;
    std::uint64_t records_per_part = 0;
  };

  Result<void> compare(const Range& range, capnp::List<protocol::Compared::Part>::Reader parts);
  void descend(const Range& range, protocol::Compared::Part::Reader part);
  void name_differences(const Range& range, protocol::Compared::Part::Reader part);
  RecordDigest digest(const Range& range) const;
  // Calls `visit` with what counts of each record in the range.
  void visit(const Range& range, const std::function<void(KeyWord, store::Bytes)>& visit) const;
  std::optional<store::Bytes> what_counts(AnyKey key, store::Bytes value) const;
  void name(std::vector<AnyKey>& list, AnyKey key);
  bool is_enough() const;

  const Replica& replica_;
  store::ReadTxn txn_;
  std::uint64_t cursor_;
  std::unordered_set<AnyKey> changed_;
  // Asked about now; empty in the first question: about everything.
  std::vector<Range> asked_;
  std::deque<Range> to_ask_;
  Comparison result_;
};

}  // namespace coppice::client
