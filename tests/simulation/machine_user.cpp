// What a machine's user does.

#include "schema/catalogue.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/violation.h"

namespace coppice::simulation {
namespace {

// What a part may refer to.
struct Others {
  const std::vector<AnyKey>& makers;
  const std::vector<AnyKey>& parts;
};

void pad(stock::Part::Builder body, int bytes) {
  if (bytes > 0) body.initThumbnail(static_cast<unsigned>(bytes));
}
void pad(stock::Company::Builder body, int bytes) {
  if (bytes > 0) body.setCity(std::string(static_cast<std::size_t>(bytes), 'x'));
}
void pad(stock::Movement::Builder, int) {}

// What indexes are asked for, beside the trail.
void adorn(stock::Part::Builder body, std::uint32_t serial, const Others& others,
           std::uint64_t number) {
  if (serial != 0) body.setSerial(serial);
  const auto& [makers, parts] = others;
  if (!makers.empty())
    refer(body.initMaker(), Key<stock::Company>(makers[number % makers.size()].word));
  // Few, so that most can be released.
  if (!parts.empty() && number % 5 == 0)
    refer(body.initChild(), Key<stock::Part>(parts[number / 5 % parts.size()].word).floating());
}
void adorn(stock::Company::Builder, std::uint32_t, const Others&, std::uint64_t) {}
void adorn(stock::Movement::Builder, std::uint32_t, const Others&, std::uint64_t) {}

// Where a step leads that the tree declares, and no release goes.
std::uint16_t nth_step(const AnyRecord& seen, const TreeInfo& tree, int nth) {
  std::vector<std::uint16_t> next;
  const std::uint16_t state = seen.header().state;
  for (const auto& step : tree.lifecycle().steps()) {
    const bool released = tree.lifecycle().find(step.to)->released;
    if (step.from == state && released == seen.header().released()) next.push_back(step.to);
  }
  return next.empty() ? state : next[static_cast<std::size_t>(nth) % next.size()];
}

}  // namespace

std::optional<AnyKey> Machine::find(const Name& name) const {
  const auto found = directory_.find(name);
  if (found == directory_.end()) return std::nullopt;
  return found->second;
}

// What `seen` has of it; nothing: not there.
std::optional<AnyKey> Machine::head(const Snapshot& seen, const Name& name) const {
  const auto key = find(name);
  if (!key) return std::nullopt;
  const auto found = seen.head(*key);
  if (!found) return std::nullopt;
  return found->key;
}

std::vector<AnyKey> Machine::find(const Names& names) const {
  const Snapshot now = client_->snapshot();
  std::vector<AnyKey> keys;
  for (const Name& name : names) {
    if (const auto key = head(now, name)) keys.push_back(*key);
  }
  return keys;
}

// All that anybody has made, whether this machine has seen them or not.
std::vector<AnyKey> Machine::all_of(Tree tree) const {
  std::vector<AnyKey> keys;
  for (const auto& [name, key] : directory_) {
    if (name.tree == tree) keys.push_back(key);
  }
  return keys;
}

bool Machine::write(const Work& work) {
  if (!running()) return false;
  const std::uint64_t number = world_.ledger.next_number();
  Deed deed;
  Directory made;
  const auto written = client_->write([&](Transaction& transaction) {
    deed = {};
    made.clear();
    deed.client = name_;
    do_work(transaction, work, number, deed, made);
  });
  dirty_ = true;
  if (!written) return false;
  directory_.insert(made.begin(), made.end());
  for (const AnyKey record : deed.edited) unsaved_[record].insert(number);
  forget_unsaved(work);
  for (const Name& name : work.remove) {
    if (const auto key = find(name)) world_.ledger.may_vanish(*key);
  }
  world_.ledger.enter(number, std::move(deed));
  return true;
}

void Machine::do_work(Transaction& transaction, const Work& work, std::uint64_t number, Deed& deed,
                      Directory& made) {
  const std::string comment = comment_of(number);
  transaction.comment(comment);
  Directory drafts;
  const auto all = [&](const Names& names, auto&& fn) {
    for (const Name& name : names) {
      const auto revised = drafts.find(name);
      if (revised != drafts.end()) {
        fn(name, revised->second);
      } else if (const auto key = head(transaction.before(), name)) {
        fn(name, *key);
      }
    }
  };
  const auto makers = all_of(Tree::company), parts = all_of(Tree::part);
  for (const Name& name : work.create) {
    if (directory_.contains(name) || made.contains(name)) continue;
    with_tree(name.tree, [&]<typename T>(std::type_identity<T>) {
      made[name] = transaction.create<T>(
          [&](typename T::Builder body) {
            set_trail(body, to_string(Mark{Mark::Kind::created, number}));
            pad(body, work.padding_bytes);
            adorn(body, work.serial, {makers, parts}, number);
          },
          work.borrowing);
    });
    deed.touched.push_back(made[name].record());
    deed.sent = true;
  }
  all(work.next_revision, [&](const Name& name, AnyKey key) {
    drafts[name] = transaction.next_revision(key);
    deed.sent = true;
  });
  all(work.edit, [&](const Name& name, AnyKey key) {
    append_mark(transaction, name.tree, key, {Mark::Kind::edited, number}, work);
    deed.edited.push_back(key.record());
  });
  all(work.check_in, [&](const Name& name, AnyKey key) {
    append_mark(transaction, name.tree, key, {Mark::Kind::checked_in, number}, work);
    transaction.check_in(key, comment, work.borrowing);
    deed.touched.push_back(key.record());
    deed.sent = true;
  });
  all(work.hand_in, [&](const Name&, AnyKey key) {
    transaction.check_in(key, comment, work.borrowing);
    deed.handed.push_back(key.record());
    deed.sent = true;
  });
  all(work.set_state, [&](const Name&, AnyKey key) {
    const auto seen = transaction.before().head(key);
    const auto tree = transaction.before().catalogue().find(key.tree);
    const std::uint16_t to = work.step == 0 ? work.state : nth_step(*seen, *tree, work.step);
    transaction.set_state(key, seen->header().state, to);
    deed.sent = true;
  });
  all(work.release, [&](const Name&, AnyKey key) {
    transaction.release(key, comment);
    deed.sent = true;
  });
  all(work.remove, [&](const Name&, AnyKey key) {
    transaction.remove(key, comment);
    deed.sent = true;
  });
}

void Machine::append_mark(Transaction& transaction, Tree tree, AnyKey key, Mark mark,
                          const Work& work) {
  // Mostly, a part keeps its maker.
  const bool refers = mark.number % 4 == 0;
  const auto makers = refers ? all_of(Tree::company) : std::vector<AnyKey>();
  const auto parts = refers ? all_of(Tree::part) : std::vector<AnyKey>();
  with_tree(tree, [&]<typename T>(std::type_identity<T>) {
    auto body = transaction.edit(Key<T>(key.word));
    const std::string before = trail_of(body.asReader());
    set_trail(body, before.empty() ? to_string(mark) : before + "." + to_string(mark));
    pad(body, work.padding_bytes);
    adorn(body, work.serial, {makers, parts}, mark.number);
  });
}

// What was handed in or thrown away is nobody's unsaved work any more.
void Machine::forget_unsaved(const Work& work) {
  for (const Names* names : {&work.check_in, &work.hand_in, &work.remove, &work.release}) {
    for (const Name& name : *names) {
      if (const auto key = find(name)) unsaved_.erase(key->record());
    }
  }
}

void Machine::check_out(const Names& names) {
  if (!running()) return;
  const auto keys = find(names);
  if (!keys.empty()) borrows_.push_back(client_->check_out(keys, {.reason = "simulated"}));
  dirty_ = true;
}

void Machine::wait_in_line(const Names& names) {
  if (!running()) return;
  const auto keys = find(names);
  if (!keys.empty()) lines_.push_back(client_->wait_in_line(keys));
}

void Machine::give_back(const Names& names) {
  if (!running()) return;
  const auto keys = find(names);
  if (keys.empty()) return;
  returns_.push_back(client_->give_back(keys));
  for (const AnyKey key : keys) unsaved_.erase(key.record());
  dirty_ = true;
}

void Machine::break_borrow(const Names& names) {
  if (!running()) return;
  const auto keys = find(names);
  if (!keys.empty()) dones_.push_back(client_->break_borrow(keys, "simulated"));
  dirty_ = true;
}

void Machine::take_over(const Names& names) {
  if (!running()) return;
  const auto keys = find(names);
  if (!keys.empty()) borrows_.push_back(client_->take_over(keys));
  dirty_ = true;
}

void Machine::hand_over(const Names& names, const Machine& to) {
  if (!running()) return;
  const auto keys = find(names);
  if (!keys.empty()) dones_.push_back(client_->hand_over(keys, to.user_, "simulated"));
  dirty_ = true;
}

void Machine::accept() {
  if (!running()) return;
  std::vector<AnyKey> offered;
  for (const HandOver& offer : client_->hand_overs()) offered.push_back(offer.record);
  if (!offered.empty()) borrows_.push_back(client_->accept(offered));
  dirty_ = true;
}

void Machine::nudge(const Names& names) {
  if (!running()) return;
  const auto keys = find(names);
  if (!keys.empty()) dones_.push_back(client_->nudge(keys, "simulated"));
}

void Machine::fetch_shelves(const Names& names) {
  if (!running()) return;
  const auto keys = find(names);
  if (!keys.empty()) dones_.push_back(client_->fetch_shelves(keys));
  dirty_ = true;
}

void Machine::lease(Tree tree, std::uint64_t count) {
  if (running()) leases_.push_back(client_->lease(tree_id(tree), count));
}

void Machine::discard_oldest_conflict() {
  if (!running()) return;
  const auto conflicts = client_->conflicts();
  if (conflicts.empty()) return;
  const auto done = client_->discard_conflict(conflicts.front().number);
  require(done.has_value(), [&] { return "X11: a conflict of " + name_ + " is gone"; });
  if (const auto number = number_of(conflicts.front().comment)) world_.ledger.discarded(number);
  forget_thrown_away(conflicts.front());
  dirty_ = true;
}

// Edits that lost their borrow lie in a conflict: they go with it.
void Machine::forget_thrown_away(const Conflict& conflict) {
  for (const Conflict::Item& item : conflict.items) {
    const auto found = unsaved_.find(item.key.record());
    if (found == unsaved_.end() || item.mine.empty()) continue;
    for (const Mark& mark : parse_trail(trail_of(item.key.tree, item.mine)))
      found->second.erase(mark.number);
    if (found->second.empty()) unsaved_.erase(found);
  }
}

}  // namespace coppice::simulation
