#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "coppice/error.h"
#include "coppice/protocol.capnp.h"
#include "schema/record_digest.h"
#include "server/tables.h"
#include "store/database.h"
#include "wire/frame.h"

namespace coppice::server {

// Answers one Compare of one client, a bounded piece of work at a time, so that a comparison of
// millions of records holds nobody up. Everything comes from the one read transaction that it
// begins with.
class Comparison {
 public:
  // The question, checked. Errors: bad_request, with what is wrong with it. Throws as reading a
  // peer's message does.
  struct Range {
    TreeId tree;
    std::uint64_t after = 0;  // keys above this one ...
    std::uint64_t up_to = 0;  // ... and up to this one
    std::uint64_t records_per_part = 0;
  };
  struct Question {
    std::uint64_t cursor = 0;
    std::vector<Range> ranges;
  };
  static Result<Question> read(protocol::Compare::Reader question);

  Comparison(store::Database& database, const Tables& tables, Question question);

  // Looks at up to so many more records, and takes them off the budget. The answer when it is
  // complete; nothing: there is more to do.
  std::optional<wire::Frame> run(std::uint64_t& records_budget);

 private:
  struct Part {
    std::uint64_t last;
    RecordDigest digest;
  };

  void collect_changed(const Tables& tables);
  void begin_range();
  void end_range();
  bool run_range(std::uint64_t& records_budget);
  wire::Frame encode() const;

  store::Database& database_;
  const store::ReadTxn txn_;
  Question question_;
  std::uint64_t head_ = 0;
  // After the cursor of the question: the client has other values of them, or none.
  std::vector<AnyKey> changed_;
  bool too_many_changed_ = false;

  // Of each range that is done.
  std::vector<std::vector<Part>> answered_;
  // Of the one that is being looked at.
  std::vector<Part> parts_;
  std::optional<store::Cursor> cursor_;
  bool more_ = false;
  RecordDigest digest_;
  std::uint64_t last_key_ = 0;
};

}  // namespace coppice::server
