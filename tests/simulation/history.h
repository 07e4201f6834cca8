#pragma once

// The authority's store as it was seen after each of its steps: the slow and obvious second opinion
// on what it may do, and what replicas are compared with.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "coppice/record.h"
#include "tests/simulation/ledger.h"

namespace coppice::store {
class Database;
}

namespace coppice::simulation {

class History {
 public:
  explicit History(Ledger& ledger) : ledger_(ledger) {}

  // Looks at the whole store. Throws a Violation for what cannot have become of what was seen
  // before.
  void observe(const store::Database& database);
  // One record of an observation; observe() calls it for each. For tests of the checks themselves
  // too.
  void look_at(AnyKey key, RecordView record);
  void begin_observation();
  void end_observation();

  struct Version {
    std::uint64_t sequence = 0;
    std::uint64_t hash = 0;  // of the whole stored value
    bool removed = false;
    RecordHeader header;
  };
  struct Record {
    RecordHeader header;
    std::string trail;
    ContentHash hash{};
    std::vector<AnyKey> references = {};  // of the body
    std::vector<Version> versions;  // by sequence; versions nobody looked at in between are missing
    std::uint64_t observed = 0;     // the last observation that found it
  };
  const std::map<AnyKey, Record>& records() const { return records_; }
  std::uint64_t head() const { return head_; }
  // True if the store was looked at when it stood there.
  bool saw_head(std::uint64_t sequence) const { return sequence == 0 || heads_.contains(sequence); }
  // The mark of this transaction was seen in this record, in any revision.
  bool carries(AnyKey record, std::uint64_t number) const;

 private:
  void appeared(AnyKey key, RecordView record);
  std::string trail_before(AnyKey key) const;
  void changed(AnyKey key, Record& before, RecordView record);
  void body_changed(AnyKey key, const Record& before, const RecordHeader& header,
                    const std::string& trail);
  void append_marks(AnyKey key, const std::string& before, const std::string& after);
  bool is_carried(AnyKey record, const Trail& trail, std::uint64_t number) const;
  void check_state(AnyKey key, const RecordHeader& header) const;
  void check_references(AnyKey key, const Record& record) const;
  void check_token(AnyKey key, const RecordHeader& header);
  void require_whole(std::uint64_t number) const;

  Ledger& ledger_;
  std::map<AnyKey, Record> records_;
  std::map<AnyKey, std::set<std::uint64_t>> marks_;  // by record
  std::map<AnyKey, std::uint64_t> last_token_;       // by record
  std::set<std::uint64_t> heads_;
  std::uint64_t head_ = 0;
  // One observation.
  std::uint64_t observation_ = 0;
  std::size_t seen_ = 0;
  std::uint64_t seen_head_ = 0;
  std::set<std::uint64_t> fresh_;            // transactions whose marks are new
  std::map<AnyKey, std::uint64_t> holding_;  // record -> token
};

std::uint64_t value_hash(RecordView record);
// "sequence 7, token 3 ...", for a report.
std::string to_string(const RecordHeader& header);

}  // namespace coppice::simulation
