#include "server/migrate.h"

#include <optional>

#include "schema/compare_schemas.h"
#include "schema/migrations.h"
#include "schema/schema_diff.h"
#include "schema/text_form.h"
#include "server/audit.h"
#include "server/tables.h"
#include "store/unique_rebuild.h"

namespace coppice::server {
namespace {

constexpr std::size_t kFailuresMax = 20;
constexpr std::size_t kExamplesMax = 3;
// Often enough for a person who waits, seldom enough to cost nothing.
constexpr std::uint64_t kRecordsBetween = 1'000;

// A tree, and what it is to be.
struct Plan {
  TreeInfoPtr before;
  TreeInfoPtr after;
  bool has_work() const { return before != after; }
  bool begins_generation() const { return before->generation() != after->generation(); }
};

Error cannot_be(const TreeInfo& tree, const std::string& why) {
  return error(Errc::incompatible_schema,
               "Tree '" + tree.name() + "': " + why + " Nothing was changed.");
}

Result<Plan> plan_for(const Catalogue& catalogue, const Migration& migration, std::int64_t now_us) {
  const auto program = TreeInfo::parse(migration.schema);
  if (!program) return program.error();
  const auto stored = catalogue.find(migration.tree);
  if (!stored) {
    return error(Errc::unknown_tree, "The database has no tree '" + (*program)->name() +
                                         "', so there is nothing to migrate. Nothing was changed.");
  }
  Adoption adoption{.version = stored->version() + 1,
                    .generation = stored->generation(),
                    .time_us = now_us,
                    .from = "a migration"};
  if (compare_schemas(*stored, **program)) {
    if (catalogue.version_known_to(**program) != 0) return Plan{stored, stored};
    return Plan{stored, (*program)->as_adopted(adoption)};
  }
  if (catalogue.is_behind(**program)) {
    return cannot_be(*stored,
                     "it was migrated past the schema of this program already, by version " +
                         std::to_string(stored->generation()) +
                         ". Use the program that was built for that.");
  }
  for (const SchemaDifference& one : schema_diff(*stored, **program)) {
    if (one.verdict == Verdict::impossible) return cannot_be(*stored, one.sentence());
  }
  adoption.generation = adoption.version;
  return Plan{stored, (*program)->as_adopted(adoption)};
}

// Ends a write transaction that must not be committed.
struct GivenUp {};
// Somebody does not want to wait any more.
struct Stopped {};

// Where the new bodies go.
struct Target {
  store::WriteTxn& txn;
  const store::Feed& feed;
  const store::IndexTables& indexes;
  const store::Meta& meta;
  std::uint64_t head;  // the last sequence, which moves on
};

// One tree being migrated, or only looked at.
class TreePass {
 public:
  // `target`: null in a dry run.
  TreePass(const store::Database& database, const Plan& plan, const Migrations& migrations,
           const store::Txn& from, Target* target, std::int64_t now_us, const MigrationWatch& watch)
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
      if (watch_ && progress.done % kRecordsBetween == 0 && !watch_(progress)) throw Stopped{};
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
    if (report_.examples.size() < kExamplesMax) {
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
    if (report_.failures.size() < kFailuresMax) report_.failures.push_back(why);
  }

  const std::shared_ptr<const Catalogue> catalogue_;
  const store::RecordTree records_;
  const Plan& plan_;
  const Migrations& migrations_;
  const store::Txn& from_;
  Target* const target_;
  const std::int64_t now_us_;
  const MigrationWatch& watch_;
  TreeReport report_;
};

class Job {
 public:
  Job(store::Database& database, std::vector<Plan> plans, const Migrations& migrations,
      std::int64_t now_us, const MigrationWatch& watch)
      : database_(database),
        plans_(std::move(plans)),
        migrations_(migrations),
        now_us_(now_us),
        watch_(watch) {}

  MigrationReport look() { return pass(database_.read(), nullptr); }

  MigrationReport change() {
    const Tables tables(database_);
    const store::IndexTables indexes(database_);
    MigrationReport report;
    try {
      database_.write([&](store::WriteTxn& txn) {
        const std::uint64_t before = database_.meta().number(txn, "head");
        Target target{txn, tables.feed, indexes, database_.meta(), before};
        report = pass(txn, &target);
        if (report.failed() > 0) throw GivenUp{};
        database_.meta().set_number(txn, "head", target.head);
        audit(txn, tables, before, target.head);
        for (const Plan& plan : plans_) {
          if (plan.has_work()) database_.adopt(txn, plan.after);
        }
      });
    } catch (const GivenUp&) {
      return report;
    }
    database_.reload_catalogue();
    return report;
  }

 private:
  MigrationReport pass(const store::Txn& from, Target* target) {
    MigrationReport report;
    for (const Plan& plan : plans_) {
      report.trees.push_back(
          TreePass(database_, plan, migrations_, from, target, now_us_, watch_).run());
    }
    return report;
  }

  void audit(store::WriteTxn& txn, const Tables& tables, std::uint64_t before, std::uint64_t head) {
    AuditEntry entry;
    entry.kind = audit::Entry::Kind::MIGRATION;
    entry.first = before + 1;
    entry.last = head;
    for (const Plan& plan : plans_) {
      if (!plan.has_work()) continue;
      entry.text += (entry.text.empty() ? "" : ", ") + plan.before->name() + " to version " +
                    std::to_string(plan.after->version());
    }
    if (entry.text.empty()) return;
    const std::uint64_t number = database_.meta().number(txn, "audit") + 1;
    database_.meta().set_number(txn, "audit", number);
    write_audit(txn, tables.audit, number, Asker{}, now_us_, entry);
  }

  store::Database& database_;
  const std::vector<Plan> plans_;
  const Migrations& migrations_;
  const std::int64_t now_us_;
  const MigrationWatch& watch_;
};

}  // namespace

std::uint64_t MigrationReport::failed() const {
  std::uint64_t failed = 0;
  for (const TreeReport& tree : trees) failed += tree.failed;
  return failed;
}

Result<MigrationReport> migrate(store::Database& database, const std::vector<Migration>& migrations,
                                MigrationRun run, std::int64_t now_us,
                                const MigrationWatch& watch) {
  std::vector<Plan> plans;
  for (const Migration& migration : migrations) {
    auto plan = plan_for(*database.catalogue(), migration, now_us);
    if (!plan) return plan.error();
    plans.push_back(*plan);
  }
  const Migrations by_tree(migrations);
  Job job(database, std::move(plans), by_tree, now_us, watch);
  try {
    return run == MigrationRun::dry ? job.look() : job.change();
  } catch (const Stopped&) {
    return error(Errc::cancelled, "Stopped. Nothing was changed.");
  }
}

}  // namespace coppice::server
