#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coppice/protocol.capnp.h"
#include "server/ledger.h"
#include "server/types.h"

namespace coppice::server {

// What requests about named records have in common: reading the names, looking the records up, and
// beginning and ending borrows. A request reads everything before it writes, since reading may
// throw kj's exceptions, and writes nothing if it has a reason why not.
class RecordRequest {
 protected:
  using Names = capnp::List<protocol::RecordName>::Reader;

  // A record that is asked for, as it stands.
  struct Wanted {
    AnyKey record;
    Ledger::Tree* tree = nullptr;
    KeyWord head;
    RecordHeader header;
    std::optional<Borrow> borrow;
  };

  RecordRequest(Ledger& ledger, const Asker& asker) : ledger_(ledger), asker_(asker) {}
  ~RecordRequest() = default;

  // The records of a request, each once; nothing after adding a refusal.
  std::optional<std::set<AnyKey>> names_of(Names records, std::size_t count_max);
  // Each with the token that is said with it; 0 where none is.
  std::optional<std::map<AnyKey, std::uint64_t>> grants_of(
      Names records, capnp::List<std::uint64_t>::Reader tokens);
  // Nothing after adding a refusal.
  std::optional<Wanted> look_up(AnyKey record);
  // Whether the asker may; adds a refusal if not.
  bool permitted(Right right, AnyKey record);
  // B12: adds a refusal for each record that the asker's program is too old to write to.
  void judge_writers(Names records);
  // What a borrow of the asker begins with, but for its token. Nothing after adding a refusal.
  std::optional<Borrow> terms_of(capnp::Text::Reader purpose, std::int64_t expected_return_us);

  // Begins a borrow, whoever had the record before.
  Grant grant(const Wanted& wanted, const Borrow& terms);
  // Ends it, and offers the record to the next in line. Returns the token that is dead.
  std::uint64_t end_borrow(AnyKey record, Ledger::By by);

  // A text that is too long is a refusal.
  bool fits(const char* what, std::size_t size_bytes, std::size_t limit);
  void refuse(Error error) { refusals_.push_back({std::move(error), Refusal::kNoAction}); }

  Ledger& ledger_;
  const Asker asker_;
  Refusals refusals_;
};

// "ann on bench 3".
std::string who(const Holder& holder);

}  // namespace coppice::server
