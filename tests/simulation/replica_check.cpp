#include "tests/simulation/replica_check.h"

#include <algorithm>

#include "tests/simulation/violation.h"

namespace coppice::simulation {

ReplicaCheck::Counts& ReplicaCheck::counts() {
  static Counts counts;
  return counts;
}

ReplicaCheck::ReplicaCheck(const World& world, Machine& machine)
    : world_(world),
      machine_(machine),
      snapshot_(machine.client().snapshot()),
      status_(machine.client().status()),
      indexes_(snapshot_) {
  for (const Conflict& conflict : machine.client().conflicts()) {
    if (const auto number = number_of(conflict.comment)) drawer_.insert(number);
    for (const auto& item : conflict.items) {
      if (item.mine.empty()) continue;
      for (const Mark& mark : parse_trail(trail_of(item.key.tree, item.mine)))
        drawer_marks_[item.key.record()].insert(mark.number);
    }
  }
}

std::string ReplicaCheck::who() const {
  return machine_.name() + " at " + std::to_string(snapshot_.sequence());
}

void ReplicaCheck::run() {
  ++counts().runs;
  for (const Tree tree : {Tree::part, Tree::company, Tree::movement}) {
    auto walk = snapshot_.walk(tree_id(tree));
    while (const auto record = walk.next()) look_at(*record);
  }
  check_index();
  check_own_work();
  check_unsaved();
  if (snapshot_.catching_up()) return;
  check_wholeness();
  check_missing();
}

void ReplicaCheck::look_at(const AnyRecord& record) {
  ++counts().records;
  const AnyKey name = record.key.record();
  const std::string trail = trail_of(record.key.tree, record.view.body());
  auto& marks = marks_[name];
  for (const Mark& mark : parse_trail(trail)) {
    const Deed* deed = world_.ledger.find(mark.number);
    require(deed != nullptr, [&] {
      return "X3: " + who() + " shows " + to_string(mark) + ", which was refused, in " +
             to_string(record.key);
    });
    if (marks.insert(mark.number).second && mark.kind != Mark::Kind::edited) {
      ++shown_[mark.number];
    }
  }
  sequences_[record.key] = record.header().sequence;
  const auto filed =
      snapshot_.index(TrailIndexer::kName, TrailIndexer::key_of(record.key.tree, trail)).value();
  require(std::ranges::find(filed, record.key.word.value) != filed.end(), [&] {
    return "X13: " + who() + " has " + to_string(record.key) + " with " + trail +
           " and not in its index";
  });
  ++index_entries_;
  indexes_.look_at(record);
  compare(record.key, record.view);
}

// A record that the replica says is the authority's must be one that the authority had.
void ReplicaCheck::compare(AnyKey key, RecordView view) {
  if (LocalMark::is_local(view.header())) {
    ++counts().local;
    if (LocalMark::is_edited(view.header())) edited_.insert(key);
    return;
  }
  const std::uint64_t sequence = view.header().sequence;
  const auto found = world_.history.records().find(key);
  require(found != world_.history.records().end(), [&] {
    return "X12: " + who() + " shows " + to_string(key) + ", which the authority never had";
  });
  const auto& versions = found->second.versions;
  const auto version = std::ranges::find(versions, sequence, &History::Version::sequence);
  if (version == versions.end()) {
    ++counts().unseen;
    require(!world_.history.saw_head(sequence), [&] {
      return "X12: " + who() + " shows " + to_string(key) + " with sequence " +
             std::to_string(sequence) + ", which it never had";
    });
    return;
  }
  ++counts().compared;
  require(version->hash == value_hash(view) || is_given_back(*version, view.header()), [&] {
    return "X12: " + who() + " shows another " + to_string(key) + " than the authority had at " +
           std::to_string(sequence) + ": " + trail_of(key.tree, view.body()) + " with " +
           to_string(view.header()) + ", not " + to_string(version->header);
  });
}

// A borrow that was returned is over here as soon as the answer says so, a little before the feed
// does.
bool ReplicaCheck::is_given_back(const History::Version& version, RecordHeader header) const {
  if (header.token != 0 || version.header.token == 0) return false;
  header.token = version.header.token;
  header.borrower = version.header.borrower;
  return header == version.header;
}

// X12: what the authority had at the replica's sequence is there, and is not older.
void ReplicaCheck::check_missing() {
  const std::uint64_t at = snapshot_.sequence();
  if (!world_.history.saw_head(at)) return;
  for (const auto& [key, record] : world_.history.records()) {
    const History::Version* expected = nullptr;
    for (const auto& version : record.versions) {
      if (version.sequence <= at) expected = &version;
    }
    if (expected == nullptr) continue;
    const auto found = sequences_.find(key);
    if (found == sequences_.end()) {
      require(expected->removed || world_.ledger.vanishes(key), [&, key = key] {
        return "X12: " + who() + " lacks " + to_string(key) + ", which changed last at " +
               std::to_string(expected->sequence);
      });
      continue;
    }
    require(found->second >= expected->sequence, [&, key = key] {
      return "X12: " + who() + " has " + to_string(key) + " as it was at " +
             std::to_string(found->second) + ", not at " + std::to_string(expected->sequence);
    });
  }
}

bool ReplicaCheck::shows(AnyKey record, std::uint64_t number) const {
  const auto found = marks_.find(record);
  return found != marks_.end() && found->second.contains(number);
}

// X12: work that was handed in lies over what others did, until its answer has come, though its
// borrow be lost. Work that is neither there nor refused is no excuse.
bool ReplicaCheck::waits_for_answer(AnyKey record) const {
  const auto names = [&](const std::vector<AnyKey>& records) {
    return std::ranges::find(records, record) != records.end();
  };
  return std::ranges::any_of(world_.ledger.deeds(), [&](const auto& entry) {
    const auto& [number, deed] = entry;
    if (deed.client != machine_.name() || !deed.sent || deed.fate == Fate::applied) return false;
    if (drawer_.contains(number) || deed.discarded) return false;
    return (names(deed.touched) && shows(record, number)) || names(deed.handed);
  });
}

// X6: a transaction of anybody shows in all of its records or in none.
void ReplicaCheck::check_wholeness() {
  for (const auto& [number, count] : shown_) {
    const Deed& deed = *world_.ledger.find(number);
    // Work that built on it may show what was refused until it is refused itself.
    if (deed.fate == Fate::refused || count == deed.touched.size()) continue;
    for (const AnyKey record : deed.touched) {
      if (!shows(record, number) && waits_for_answer(record)) continue;
      require(shows(record, number) || world_.ledger.vanishes(record), [&, number = number] {
        return "X6: " + who() + " shows half of transaction " + std::to_string(number) +
               ": not in " + to_string(record);
      });
    }
  }
}

// X11, from the side of those who did it.
void ReplicaCheck::check_own_work() {
  std::uint64_t open = 0;
  for (const auto& [number, deed] : world_.ledger.deeds()) {
    if (deed.client != machine_.name() || !deed.sent) continue;
    check_own(number, deed);
    if (deed.fate == Fate::open) ++open;
  }
  require(status_.outbox >= open, [&] {
    return "X11: the outbox of " + who() + " holds " + std::to_string(status_.outbox) +
           " operations, and " + std::to_string(open) + " transactions have no answer";
  });
}

void ReplicaCheck::check_own(std::uint64_t number, const Deed& deed) {
  const auto text = [&](const char* what) {
    return "X11: transaction " + std::to_string(number) + " of " + who() + " " + what;
  };
  if (drawer_.contains(number)) {
    require(deed.fate == Fate::refused && !deed.discarded,
            [&] { return text("is in the drawer, and was not refused"); });
    return;
  }
  // A first sync that starts anew begins with an empty replica; what was accepted comes with it.
  if (deed.discarded || (deed.fate == Fate::applied && snapshot_.catching_up())) return;
  for (const AnyKey record : deed.touched) {
    require(shows(record, number) || world_.ledger.vanishes(record), [&] {
      return text("is neither visible in ") + to_string(record) + " nor in the drawer";
    });
  }
}

// X3: what was edited and not handed in is there, whatever crashed.
void ReplicaCheck::check_unsaved() {
  for (const auto& [record, numbers] : machine_.unsaved()) {
    if (world_.ledger.vanishes(record)) continue;
    const auto drawer = drawer_marks_.find(record);
    for (const std::uint64_t number : numbers) {
      if (drawer != drawer_marks_.end() && drawer->second.contains(number)) continue;
      require(shows(record, number), [&, record = record] {
        return "X3: " + who() + " has lost the unsaved e" + std::to_string(number) + " of " +
               to_string(record);
      });
    }
  }
}

void ReplicaCheck::check_index() {
  const std::uint64_t filed = snapshot_.index_count(TrailIndexer::kName).value();
  require(filed == index_entries_, [&] {
    return "X13: " + who() + " has " + std::to_string(index_entries_) + " records and " +
           std::to_string(filed) + " in its index";
  });
  const std::string wrong = indexes_.run();
  require(wrong.empty(), [&] { return "X13: at " + who() + " " + wrong; });
}

void ReplicaCheck::run_converged() {
  run();
  const auto text = [&](const std::string& what) { return "X14: " + who() + " " + what; };
  require(status_.connection == Connection::live, [&] {
    return text("is not live: ") + to_string(status_.connection) + ", " + status_.reason;
  });
  require(status_.outbox == 0, [&] { return text("has an outbox"); });
  require(!snapshot_.catching_up() && snapshot_.sequence() == world_.history.head(),
          [&] { return text("is not at the head, ") + std::to_string(world_.history.head()); });
  for (const auto& [key, record] : world_.history.records()) {
    const auto found = sequences_.find(key);
    if (machine_.unsaved().contains(key.record()) || edited_.contains(key)) continue;
    require((found != sequences_.end()) != record.header.removed(),
            [&, key = key] { return text("differs in whether it has ") + to_string(key); });
    if (found == sequences_.end()) continue;
    require(found->second == record.header.sequence, [&, key = key, &record = record] {
      return text("has another version of ") + to_string(key) + ": " +
             std::to_string(found->second & ~LocalMark::kBit) + ", not " +
             std::to_string(record.header.sequence);
    });
  }
  if (edited_.empty()) {
    const std::string shared = indexes_.find_shared_value();
    require(shared.empty(), [&] { return "F26: at " + who() + " " + shared; });
  }
  for (const AnyKey key : edited_) {
    require(has_work_in(key), [&] { return text("calls ") + to_string(key) + " edited"; });
  }
  for (const auto& [number, deed] : world_.ledger.deeds()) {
    if (deed.client != machine_.name() || !deed.sent) continue;
    require(deed.fate != Fate::open, [&, number = number] {
      return text("never learned what became of ") + std::to_string(number);
    });
    require(deed.fate == Fate::applied || deed.discarded || drawer_.contains(number),
            [&, number = number] {
              return text("has lost the refused transaction ") + std::to_string(number);
            });
  }
}

// C4: what was refused stays under its borrow, to be mended and handed in again.
bool ReplicaCheck::has_work_in(AnyKey key) const {
  if (machine_.unsaved().contains(key.record())) return true;
  return std::ranges::any_of(world_.ledger.deeds(), [&](const auto& entry) {
    const Deed& deed = entry.second;
    return deed.client == machine_.name() && deed.fate == Fate::refused &&
           (std::ranges::find(deed.touched, key.record()) != deed.touched.end() ||
            std::ranges::find(deed.handed, key.record()) != deed.handed.end());
  });
}

}  // namespace coppice::simulation
