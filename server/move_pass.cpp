#include "server/move_pass.h"

#include <cstring>

#include <kj/exception.h>

#include "schema/text_form.h"
#include "store/old_bodies.h"

namespace coppice::server {
namespace {

// Bounds the memory of very large moves.
constexpr std::size_t kEntriesMax = 1'000'000;

std::string describe_stored(const IndexPlan::Index& index, const std::string& value) {
  if (is_bytes(index.type)) return describe(index.type, FieldValue(std::string_view(value)));
  std::uint64_t ordered = 0;
  std::memcpy(&ordered, value.data(), sizeof ordered);
  return describe(index.type, FieldValue::of_ordered(ordered));
}

}  // namespace

// Hands out the unique values of a body that are set.
class MovePass::UniqueValues : public IndexSink {
 public:
  UniqueValues(const TreeInfo& tree) : indexes_(tree.indexes().indexes()) {}

  void number(unsigned index, std::uint64_t ordered) override {
    if (ordered == indexes_[index].unset) return;
    std::string bytes(sizeof ordered, '\0');
    std::memcpy(bytes.data(), &ordered, sizeof ordered);
    take(index, std::move(bytes));
  }
  void bytes(unsigned index, std::string_view value) override { take(index, std::string(value)); }

  std::vector<std::pair<unsigned, std::string>> values;

 private:
  void take(unsigned index, std::string value) {
    if (indexes_[index].kind == IndexPlan::Kind::unique)
      values.emplace_back(index, std::move(value));
  }
  const std::vector<IndexPlan::Index>& indexes_;
};

// Hands out what a body refers to.
class MovePass::References : public IndexSink {
 public:
  void reference(AnyKey to) override { found.push_back(to); }
  std::vector<AnyKey> found;
};

MovePass::MovePass(const store::Database& database, const Tables& tables, const TreePlans& trees,
                   const std::map<TreeId, store::RecordTree>& new_records,
                   const Migrations& migrations, const store::Txn& from, MigrationTarget* target,
                   std::int64_t now_us, const MigrationWatch& watch)
    : database_(database),
      tables_(tables),
      trees_(trees),
      new_records_(new_records),
      bodies_(trees, migrations),
      from_txn_(from),
      target_(target),
      now_us_(now_us),
      watch_(watch),
      clients_(from, tables) {
  if (target) values_.emplace(target->indexes.values, store::RunLimits{});
}

MoveReport MovePass::run(const TreeMove& move) {
  move_ = &move;
  ++move_number_;
  from_ = trees_.after(move.from);
  into_ = &into(move.into);
  report_ = {};
  report_.from = from_->name();
  report_.into = into_->info->name();
  report_.makes_tree = trees_.new_trees().contains(move.into);
  walk();
  judge_stored_values();
  return std::move(report_);
}

MovePass::Into& MovePass::into(TreeId tree) {
  if (const auto known = intos_.find(tree); known != intos_.end()) return known->second;
  Into into;
  into.info = trees_.after(tree);
  into.records = database_.tree(tree);
  into.next_id = Leases(tables_.leases).next_id(from_txn_, tree);
  if (const auto made = new_records_.find(tree); made != new_records_.end())
    into.records = made->second;
  return intos_.emplace(tree, std::move(into)).first->second;
}

void MovePass::look(std::string_view tree, std::uint64_t done, std::uint64_t total) const {
  if (watch_ && done % kMigrationWatchRecords == 0 && !watch_({tree, done, total}))
    throw MigrationStopped{};
}

void MovePass::walk() {
  const store::RecordTree records = *database_.tree(move_->from);
  const std::uint64_t total = records.count(from_txn_);
  RecordId id;
  // Sought anew after each record: what is written moves what a cursor stands on.
  for (std::uint64_t done = 0; id.value < kRecordIdMax; ++done) {
    look(report_.from, done, total);
    const KeyWord next(RecordId{id.value + 1}, coppice::Revision{0});
    {
      const store::RecordCursor cursor(from_txn_, records, next);
      if (!cursor) return;
      id = cursor.key().id();
    }
    take(id, revisions(id, records));
  }
}

// The live ones, in copy: writing makes views invalid.
std::vector<MovePass::Revision> MovePass::revisions(RecordId id,
                                                    const store::RecordTree& records) const {
  std::vector<Revision> found;
  store::RecordCursor cursor(from_txn_, records, KeyWord(id, coppice::Revision{0}));
  for (; cursor && cursor.key().id() == id; cursor.next()) {
    const RecordView record = cursor.record();
    if (record.header().removed()) continue;
    const AnyKey key(move_->from, cursor.key());
    // A released one is only counted.
    auto body = record.header().released() ? MigratedBodies::Body{} : bodies_.read(key, record);
    found.push_back({cursor.key(), record.header(), std::move(body)});
  }
  return found;
}

void MovePass::take(RecordId id, const std::vector<Revision>& revisions) {
  const AnyKey record(move_->from, KeyWord(id, coppice::Revision{0}));
  if (revisions.empty() || gone_.contains(record)) return;
  for (const Revision& revision : revisions) {
    if (!revision.header.released()) continue;
    ++report_.kept;
    return;
  }
  Bodies bodies;
  for (const Revision& revision : revisions) {
    auto answer = ask(revision);
    if (!answer) return fail(answer.error());
    if (*answer) bodies.push_back(std::move(**answer));
  }
  if (bodies.empty()) {
    ++report_.stayed;
    return;
  }
  if (bodies.size() < revisions.size()) {
    return fail(about(record, Errc::invalid,
                      "some of its revisions would go to '" + report_.into +
                          "' and others stay; they can only go together."));
  }
  if (const auto why = objection(id, revisions)) return fail(*why);
  go(id, revisions, bodies);
}

MovePass::Answer MovePass::ask(const Revision& revision) const {
  const AnyKey key(move_->from, revision.key);
  const auto unable = [&](const std::string& why) {
    return about(key, Errc::invalid, "it cannot be moved to '" + report_.into + "': " + why);
  };
  // Why that is so is among the failures of the migration.
  if (revision.body.schema != from_) return unable("it could not be migrated.");
  MigrationContext context(key, from_->generation());
  std::vector<std::uint64_t> made;
  try {
    capnp::MallocMessageBuilder message;
    const Move move = move_->run(revision.body.words, message, context);
    if (!context.refusal().empty()) return unable(context.refusal());
    if (move == Move::stays) return std::optional<std::vector<std::uint64_t>>();
    made = canonical_words(message.getRoot<capnp::AnyStruct>().asReader());
  } catch (const kj::Exception& e) {
    return unable(e.getDescription().cStr());
  } catch (const std::exception& e) {
    return unable(e.what());
  }
  std::vector<std::uint64_t> scratch;
  const auto checked = into_->info->shape().check(std::as_bytes(std::span(made)), scratch);
  if (!checked) return unable(checked.error().message);
  return std::optional(std::move(made));
}

// Why a record that should go cannot.
std::optional<Error> MovePass::objection(RecordId id, const std::vector<Revision>& revisions) {
  const KeyWord floating(id, coppice::Revision{0});
  const AnyKey record(move_->from, floating);
  for (const Revision& revision : revisions) {
    if (revision.header.token != 0) {
      const Holder holder = clients_.person(ClientNumber{revision.header.borrower});
      Error held = about(record, Errc::held,
                         "it is borrowed by " + holder.user + " on " + holder.device +
                             ": let it be returned first.");
      held.holder = holder;
      return held;
    }
    if (!into_->info->versioned() && revision.key.revision().value != 1) {
      return about(AnyKey(move_->from, revision.key), Errc::not_versioned,
                   "records of '" + report_.into + "' have no revisions, and this is one above 1.");
    }
  }
  const bool is_there = into_->arrived.contains(AnyKey(move_->into, floating)) ||
                        (into_->records && into_->records->head(from_txn_, id).has_value());
  if (!is_there && id.value >= into_->next_id) return std::nullopt;
  return about(record, Errc::foreign_key,
               "id " + std::to_string(id.value) + " was given out in '" + report_.into +
                   "' already; move into a tree of its own.");
}

void MovePass::go(RecordId id, const std::vector<Revision>& revisions, const Bodies& bodies) {
  ++report_.moved;
  if (report_.makes_tree) made_.insert(move_->into);
  const KeyWord floating(id, coppice::Revision{0});
  gone_.insert(AnyKey(move_->from, floating));
  into_->arrived.insert(AnyKey(move_->into, floating));
  into_->highest = std::max(into_->highest, id.value);
  for (std::size_t i = 0; i < revisions.size(); ++i) {
    const Revision& revision = revisions[i];
    if (report_.examples.size() < kMigrationExamplesMax) {
      report_.examples.push_back({AnyKey(move_->from, revision.key),
                                  body_to_json(*from_, revision.body.words),
                                  body_to_json(*into_->info, bodies[i])});
    }
    References references;
    into_->info->indexes().extract(bodies[i], references);
    for (const AnyKey to : references.found) referred_.emplace_back(move_->into, to);
    UniqueValues unique(*into_->info);
    into_->info->indexes().extract(bodies[i], unique);
    for (auto& value : unique.values) {
      const auto [other, is_new] =
          into_->values.try_emplace(value, std::pair(revision.key, move_number_));
      if (is_new || other->second.first.id() == id) continue;
      const auto& index = into_->info->indexes().indexes()[value.first];
      fail(about(AnyKey(move_->from, revision.key), Errc::not_unique,
                 format_key(report_.into, other->second.first) + " and it would both have " +
                     index.name + " " + describe_stored(index, value.second) +
                     ", which is unique."));
    }
    if (target_) write(revision, bodies[i]);
  }
}

void MovePass::write(const Revision& revision, const std::vector<std::uint64_t>& body) {
  const AnyKey old_key(move_->from, revision.key), new_key(move_->into, revision.key);
  RecordHeader header = revision.header;
  header.changed_us = now_us_;
  header.flags &= static_cast<std::uint16_t>(~RecordHeader::kFresh);

  RecordHeader tombstone = header;
  tombstone.flags |= RecordHeader::kRemoved;
  tombstone.sequence = tombstone.body_sequence = ++target_->head;
  index(*from_, revision.key, revision.body.words, store::IndexEntries::Fate::goes);
  database_.tree(move_->from)->put(target_->txn, revision.key, tombstone, {});
  target_->feed.advance(target_->txn, revision.header.sequence, tombstone.sequence, old_key);

  header.sequence = header.body_sequence = ++target_->head;
  header.schema_version = into_->info->version();
  index(*into_->info, revision.key, body, store::IndexEntries::Fate::comes);
  into_->records->put(target_->txn, revision.key, header, body);
  target_->feed.advance(target_->txn, 0, header.sequence, new_key);
}

// --------
// Unique values

void MovePass::index(const TreeInfo& tree, KeyWord key, std::span<const std::uint64_t> body,
                     store::IndexEntries::Fate fate) {
  if (!tree.indexes().find(IndexPlan::Kind::unique)) return;
  entries_.collect(tree.indexes(), numbers(tree), AnyKey(tree.id(), key), body, fate);
  if (entries_.size() > kEntriesMax) entries_.write(target_->txn, target_->indexes, &*values_);
}

// By place in the plan; what an authority does not keep has none, nor has what the server makes of
// all records when it starts: the indexes of a new tree.
const std::vector<store::IndexNumber>& MovePass::numbers(const TreeInfo& tree) {
  const auto [known, is_new] = numbers_.try_emplace(tree.id());
  if (!is_new) return known->second;
  for (const auto& index : tree.indexes().indexes()) {
    const auto row = target_->indexes.row(target_->txn, tree.id(), index);
    const bool is_kept =
        index.kind == IndexPlan::Kind::unique && row && row->generation == tree.generation();
    known->second.push_back(is_kept ? row->number : store::IndexNumber{});
  }
  return known->second;
}

// Of what was in the other tree before, which indexes cannot tell in a dry run: these are as they
// were before the migrations.
void MovePass::judge_stored_values() {
  if (into_->values.empty() || report_.makes_tree) return;
  const std::uint64_t total = into_->records->count(from_txn_);
  std::uint64_t done = 0;
  for (store::RecordCursor cursor(from_txn_, *into_->records); cursor; cursor.next(), ++done) {
    look(report_.into, done, total);
    const AnyKey key(move_->into, cursor.key());
    if (cursor.record().header().removed() || into_->arrived.contains(key.record())) continue;
    const auto body = bodies_.read(key, cursor.record());
    if (body.schema != into_->info) {
      return fail(about(key, Errc::invalid,
                        "it was released before a migration of '" + report_.into +
                            "', so that its unique values cannot be compared with what would be "
                            "moved. Give the program that migration too."));
    }
    UniqueValues unique(*into_->info);
    into_->info->indexes().extract(body.words, unique);
    for (const auto& value : unique.values) {
      const auto wanted = into_->values.find(value);
      if (wanted == into_->values.end() || wanted->second.second != move_number_) continue;
      const auto& index = into_->info->indexes().indexes()[value.first];
      fail(about(AnyKey(move_->from, wanted->second.first), Errc::not_unique,
                 format_key(report_.into, key.word) + " has " + index.name + " " +
                     describe_stored(index, value.second) + " already, which is unique."));
    }
  }
}

// --------
// When all has moved

std::vector<LeftReferences> MovePass::finish() {
  if (target_) {
    entries_.write(target_->txn, target_->indexes, &*values_);
    for (const auto& [tree, into] : intos_) {
      if (into.highest == 0) continue;
      // Nobody's: the ids in it are never leased, nor those below it.
      Leases(tables_.leases)
          .put(target_->txn, tree, {into.next_id, into.highest + 1, ClientNumber{}});
    }
  }
  std::map<TreeId, LeftReferences> found;
  if (!gone_.empty()) {
    for (const auto& [tree, info] : trees_.catalogue()->trees()) count_references(tree, found);
  }
  for (const auto& [tree, to] : referred_) {
    if (names_moved(to)) ++(to.word.floats() ? found[tree].floating : found[tree].fixed);
  }
  std::vector<LeftReferences> left;
  for (auto& [tree, references] : found) {
    references.tree = trees_.after(tree)->name();
    left.push_back(std::move(references));
  }
  return left;
}

// What was moved is not counted here: in a dry run it is not there yet.
void MovePass::count_references(TreeId tree, std::map<TreeId, LeftReferences>& found) {
  const store::RecordTree records = *database_.tree(tree);
  const std::string name = trees_.after(tree)->name();
  const auto into = intos_.find(tree);
  const std::uint64_t total = records.count(from_txn_);
  std::uint64_t done = 0;
  for (store::RecordCursor cursor(from_txn_, records); cursor; cursor.next(), ++done) {
    look(name, done, total);
    const AnyKey key(tree, cursor.key());
    if (cursor.record().header().removed() || gone_.contains(key.record())) continue;
    if (into != intos_.end() && into->second.arrived.contains(key.record())) continue;
    const auto body = bodies_.read(key, cursor.record());
    References references;
    body.schema->indexes().extract(body.words, references);
    for (const AnyKey to : references.found) {
      if (names_moved(to)) ++(to.word.floats() ? found[tree].floating : found[tree].fixed);
    }
  }
}

Error MovePass::about(AnyKey key, Errc code, const std::string& what) const {
  return error(code, format_key(trees_.after(key.tree)->name(), key.word) + ": " + what, key);
}

void MovePass::fail(const Error& why) {
  ++report_.failed;
  if (report_.failures.size() < kMigrationFailuresMax) report_.failures.push_back(why);
}

}  // namespace coppice::server
