#include "server/migrate.h"

#include <optional>

#include "schema/migrations.h"
#include "schema/text_form.h"
#include "server/audit.h"
#include "server/move_pass.h"
#include "server/tables.h"
#include "store/unique_rebuild.h"

namespace coppice::server {
namespace {

// Ends a write transaction that must not be committed.
struct GivenUp {};

// One tree being migrated, or only looked at.
class TreePass {
 public:
  // `target`: null in a dry run.
  TreePass(const store::Database& database, const TreePlan& plan, const Migrations& migrations,
           const store::Txn& from, MigrationTarget* target, std::int64_t now_us,
           const MigrationWatch& watch)
      : catalogue_(database.catalogue()),
        records_(*database.tree(plan.before->id())),
        plan_(plan),
        migrations_(migrations),
        from_(from),
        target_(target),
        now_us_(now_us),
        watch_(watch) {}

  TreeReport run() {
    report_.tree = plan_.before->name();
    report_.before = plan_.before->version();
    report_.after = plan_.after->version();
    report_.begins_generation = plan_.begins_generation();
    if (!plan_.has_work()) return std::move(report_);
    std::optional<store::UniqueRebuild::Target> indexes;
    if (target_) {
      indexes.emplace(store::UniqueRebuild::Target{target_->txn, target_->indexes, target_->meta});
    }
    store::UniqueRebuild unique(*plan_.before, *plan_.after, indexes ? &*indexes : nullptr);
    if (plan_.begins_generation() || unique.has_work()) walk(unique);
    for (const store::SharedValue& shared : unique.finish()) fail(not_unique(shared));
    return std::move(report_);
  }

 private:
  void walk(store::UniqueRebuild& unique) {
    MigrationProgress progress{report_.tree, 0, records_.count(from_)};
    KeyWord key;
    // Sought anew after each record: rewriting it moves what a cursor stands on.
    for (;; ++progress.done) {
      if (watch_ && progress.done % kMigrationWatchRecords == 0 && !watch_(progress))
        throw MigrationStopped{};
      store::RecordCursor cursor(from_, records_, KeyWord(key.value + 1));
      if (!cursor) return;
      key = cursor.key();
      if (!cursor.record().header().removed()) take(key, cursor.record(), unique);
    }
  }

  void take(KeyWord word, RecordView record, store::UniqueRebuild& unique) {
    const AnyKey key(plan_.before->id(), word);
    const RecordHeader header = record.header();
    if (!store::is_of_earlier_generation(*plan_.after, header.schema_version))
      return unique.add(word, record.body());
    const auto old = catalogue_->find(key.tree, header.schema_version);
    if (!old) {
      return fail(error(Errc::invalid,
                        catalogue_->format(key) + " was written by version " +
                            std::to_string(header.schema_version) +
                            ", which is not in the catalogue.",
                        key));
    }
    auto body = migrations_.convert(*old, *plan_.after, key, record.body());
    if (!body) return fail(body.error());
    unique.add(word, *body);
    if (plan_.begins_generation()) migrate(key, record, *old, *body);
  }

  void migrate(AnyKey key, RecordView record, const TreeInfo& old,
               const std::vector<std::uint64_t>& body) {
    if (report_.examples.size() < kMigrationExamplesMax) {
      report_.examples.push_back(
          {key, body_to_json(old, record.body()), body_to_json(*plan_.after, body)});
    }
    if (record.header().released()) {
      ++report_.kept;
      return;
    }
    ++report_.rewritten;
    if (target_) rewrite(key, record.header(), body);
  }

  void rewrite(AnyKey key, RecordHeader header, const std::vector<std::uint64_t>& body) {
    const std::uint64_t previous = header.sequence;
    header.sequence = header.body_sequence = ++target_->head;
    header.changed_us = now_us_;
    header.schema_version = plan_.after->version();
    header.flags &= static_cast<std::uint16_t>(~RecordHeader::kFresh);
    records_.put(target_->txn, key.word, header, body);
    target_->feed.advance(target_->txn, previous, header.sequence, key);
  }

  Error not_unique(const store::SharedValue& shared) const {
    const AnyKey first(plan_.before->id(), shared.first);
    const AnyKey second(plan_.before->id(), shared.second);
    return error(Errc::not_unique,
                 catalogue_->format(first) + " and " + catalogue_->format(second) +
                     ": both would have " + shared.field + " " + shared.value +
                     ", which is unique.",
                 second);
  }

  void fail(const Error& why) {
    ++report_.failed;
    if (report_.failures.size() < kMigrationFailuresMax) report_.failures.push_back(why);
  }

  const std::shared_ptr<const Catalogue> catalogue_;
  const store::RecordTree records_;
  const TreePlan& plan_;
  const Migrations& migrations_;
  const store::Txn& from_;
  MigrationTarget* const target_;
  const std::int64_t now_us_;
  const MigrationWatch& watch_;
  TreeReport report_;
};

class Job {
 public:
  Job(store::Database& database, const TreePlans& trees, const Migrations& migrations,
      const std::vector<TreeMove>& moves, std::int64_t now_us, const MigrationWatch& watch)
      : database_(database),
        trees_(trees),
        migrations_(migrations),
        moves_(moves),
        now_us_(now_us),
        watch_(watch) {}

  MovesReport look() {
    if (moves_.empty()) return pass(database_.read(), nullptr);
    open_tables();
    return pass(database_.read(), nullptr);
  }

  MovesReport change() {
    open_tables();
    if (!trees_.new_trees().empty()) {
      // Tables of new trees are made before the transaction, so only where nothing will fail.
      MovesReport expected = look();
      if (expected.failed() > 0) return expected;
      make_new_trees();
    }
    const Tables& tables = *tables_;
    const store::IndexTables indexes(database_);
    MovesReport report;
    try {
      database_.write([&](store::WriteTxn& txn) {
        const std::uint64_t before = database_.meta().number(txn, "head");
        MigrationTarget target{txn, tables.feed, indexes, database_.meta(), before};
        report = pass(txn, &target);
        if (report.failed() > 0) throw GivenUp{};
        database_.meta().set_number(txn, "head", target.head);
        audit(txn, tables, report, before, target.head);
        for (const TreePlan& plan : trees_.plans()) {
          if (plan.has_work()) database_.adopt(txn, plan.after);
        }
        // Their tables are there, which is what adopt() needs of trees that it does not know.
        for (TreeId tree : made_) database_.adopt(txn, trees_.after(tree));
      });
    } catch (const GivenUp&) {
      return report;
    }
    database_.reload_catalogue();
    return report;
  }

 private:
  // Not within a transaction, like make_new_trees().
  void open_tables() {
    if (!tables_) tables_.emplace(database_);
  }
  void make_new_trees() {
    for (const auto& [tree, info] : trees_.new_trees()) {
      const auto table = database_.table(store::tree_table_name(tree), store::Layout::integer_keys);
      new_records_.emplace(tree, store::RecordTree(table));
    }
  }

  MovesReport pass(const store::Txn& from, MigrationTarget* target) {
    MovesReport report;
    for (const TreePlan& plan : trees_.plans()) {
      report.migrations.trees.push_back(
          TreePass(database_, plan, migrations_, from, target, now_us_, watch_).run());
    }
    if (!moves_.empty()) move(from, target, report);
    return report;
  }

  void move(const store::Txn& from, MigrationTarget* target, MovesReport& report) {
    MovePass moves(database_, *tables_, trees_, new_records_, migrations_, from, target, now_us_,
                   watch_);
    for (const TreeMove& one : moves_) report.moves.push_back(moves.run(one));
    report.references = moves.finish();
    made_ = moves.made();
  }

  void audit(store::WriteTxn& txn, const Tables& tables, const MovesReport& report,
             std::uint64_t before, std::uint64_t head) {
    AuditEntry entry;
    entry.kind = audit::Entry::Kind::MIGRATION;
    entry.first = before + 1;
    entry.last = head;
    const auto say = [&](const std::string& what) {
      entry.text += (entry.text.empty() ? "" : ", ") + what;
    };
    for (const TreePlan& plan : trees_.plans()) {
      if (!plan.has_work()) continue;
      say(plan.before->name() + " to version " + std::to_string(plan.after->version()));
    }
    for (const MoveReport& move : report.moves) {
      if (move.moved == 0) continue;
      say(std::to_string(move.moved) + " records of " + move.from + " to " +
          (move.makes_tree ? "the new tree " : "") + move.into);
    }
    if (entry.text.empty()) return;
    const std::uint64_t number = database_.meta().number(txn, "audit") + 1;
    database_.meta().set_number(txn, "audit", number);
    write_audit(txn, tables.audit, number, Asker{}, now_us_, entry);
  }

  store::Database& database_;
  const TreePlans& trees_;
  const Migrations& migrations_;
  const std::vector<TreeMove>& moves_;
  const std::int64_t now_us_;
  const MigrationWatch& watch_;
  std::optional<Tables> tables_;
  std::map<TreeId, store::RecordTree> new_records_;
  // The new trees that the last pass moved records into.
  std::set<TreeId> made_;
};

}  // namespace

std::uint64_t MigrationReport::failed() const {
  std::uint64_t failed = 0;
  for (const TreeReport& tree : trees) failed += tree.failed;
  return failed;
}

std::uint64_t MovesReport::failed() const {
  std::uint64_t failed = migrations.failed();
  for (const MoveReport& move : moves) failed += move.failed;
  return failed;
}

Result<MigrationReport> migrate(store::Database& database, const std::vector<Migration>& migrations,
                                MigrationRun run, std::int64_t now_us,
                                const MigrationWatch& watch) {
  auto report = migrate_and_move(database, migrations, {}, run, now_us, watch);
  if (!report) return report.error();
  return std::move(report->migrations);
}

Result<MovesReport> migrate_and_move(store::Database& database,
                                     const std::vector<Migration>& migrations,
                                     const std::vector<TreeMove>& moves, MigrationRun run,
                                     std::int64_t now_us, const MigrationWatch& watch) {
  TreePlans trees(database.catalogue());
  for (const Migration& migration : migrations) {
    if (auto added = trees.add(migration, now_us); !added) return added.error();
  }
  for (const TreeMove& move : moves) {
    if (auto added = trees.add(move, now_us); !added) return added.error();
  }
  const Migrations by_tree(migrations);
  Job job(database, trees, by_tree, moves, now_us, watch);
  try {
    return run == MigrationRun::dry ? job.look() : job.change();
  } catch (const MigrationStopped&) {
    return error(Errc::cancelled, "Stopped. Nothing was changed.");
  }
}

}  // namespace coppice::server
