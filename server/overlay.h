#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "server/ledger.h"
#include "server/types.h"

namespace coppice::server {

// What a transaction would leave behind, laid over what is stored: its actions read and change
// this, so each sees the effects of those before it, and nothing is written unless all are
// accepted.
//
// A revision that several actions change gets one sequence: revisions are numbered in the order in
// which actions first touched them, so what the record's old head loses comes before what its new
// head gets.
class Overlay {
 public:
  struct Revision {
    AnyKey key;
    RecordHeader header;
    // Valid until write(); of a stored revision a view of the store. Empty: removed.
    std::span<const std::uint64_t> body;
    // As stored; nothing if the transaction makes it.
    std::optional<RecordHeader> stored;
    bool body_changed = false;
    bool touched = false;
  };

  struct Record {
    AnyKey name;
    Ledger::Tree* tree = nullptr;
    // The newest revision, tombstones included.
    Revision* head = nullptr;
    std::optional<Borrow> borrow;
    std::optional<Borrow> stored_borrow;
    // An action about it was refused: what is asked of it afterwards is not judged, for it would
    // only repeat the reason.
    bool refused = false;
  };

  explicit Overlay(Ledger& ledger) : ledger_(ledger) {}

  // `name` has revision 0. A record without head does not exist. Null: there is no such tree.
  Record* record(AnyKey name);
  // Null where there is no such revision.
  Revision* revision(Ledger::Tree& tree, AnyKey key);
  // A new revision, which becomes its record's head. REQUIRES: it is above the head.
  Revision& add(Record& record, AnyKey key, const RecordHeader& header,
                std::span<const std::uint64_t> body);
  // To be called before a revision is changed.
  Revision& touch(Revision& revision);
  void set_body(Revision& revision, std::span<const std::uint64_t> body);
  // In the order in which they were first touched.
  const std::vector<Revision*>& touched() const { return touched_; }
  // Words that live as long as the overlay.
  std::span<const std::uint64_t> keep(std::span<const std::uint64_t> words);

  void grant(Record& record, Borrow borrow);
  void end_borrow(Record& record);

  // Writes it all: revisions, borrows, feed, waiting lines. Returns the grants that began.
  std::vector<Grant> write();

 private:
  void write(Revision& revision);
  void write_borrow(Record& record);

  Ledger& ledger_;
  std::unordered_map<AnyKey, Record> records_;
  std::unordered_map<AnyKey, Revision> revisions_;
  std::vector<Revision*> touched_;
  std::vector<Record*> borrows_;
  std::deque<std::vector<std::uint64_t>> kept_;
};

}  // namespace coppice::server
