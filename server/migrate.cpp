#include "server/migrate.h"

#include "schema/compare_schemas.h"
#include "schema/migrations.h"
#include "schema/schema_diff.h"
#include "schema/text_form.h"
#include "server/audit.h"
#include "server/tables.h"

namespace coppice::server {
namespace {

constexpr std::size_t kFailuresMax = 20;
constexpr std::size_t kExamplesMax = 3;

// A tree that is to be migrated, and what to.
struct Plan {
  TreeInfoPtr before;
  TreeInfoPtr after;
};

Result<Plan> plan_for(const Catalogue& catalogue, const Migration& migration, std::int64_t now_us) {
  const auto program = TreeInfo::parse(migration.schema);
  if (!program) return program.error();
  const auto stored = catalogue.find(migration.tree);
  if (!stored) {
    return error(Errc::unknown_tree, "The database has no tree '" + (*program)->name() +
                                         "', so there is nothing to migrate.");
  }
  if (compare_schemas(*stored, **program)) return Plan{stored, stored};
  for (const SchemaDifference& one : schema_diff(*stored, **program)) {
    if (one.verdict == Verdict::impossible) {
      return error(Errc::incompatible_schema,
                   "Tree '" + stored->name() + "': " + one.sentence() + " Nothing was changed.");
    }
  }
  const std::uint32_t version = stored->version() + 1;
  return Plan{
      stored,
      (*program)->as_adopted(
          {.version = version, .generation = version, .time_us = now_us, .from = "a migration"})};
}

// Where the new bodies go.
struct Target {
  store::WriteTxn& txn;
  const store::Feed& feed;
  std::uint64_t head;  // the last sequence, which moves on
};

// One tree being migrated, or only looked at.
class TreePass {
 public:
  // `target`: null in a dry run.
  TreePass(const store::Database& database, const Plan& plan, const Migrations& migrations,
           const store::Txn& from, Target* target, std::int64_t now_us)
      : catalogue_(database.catalogue()),
        records_(*database.tree(plan.before->id())),
        plan_(plan),
        migrations_(migrations),
        from_(from),
        target_(target),
        now_us_(now_us) {}

  TreeReport run() {
    report_.tree = plan_.before->name();
    report_.before = plan_.before->version();
    report_.after = plan_.after->version();
    if (report_.after == report_.before) return std::move(report_);
    KeyWord key;
    // Sought anew after each record: rewriting it moves what a cursor stands on.
    for (;;) {
      store::RecordCursor cursor(from_, records_, KeyWord(key.value + 1));
      if (!cursor) return std::move(report_);
      key = cursor.key();
      if (!cursor.record().header().removed()) migrate(key, cursor.record());
    }
  }

 private:
  void migrate(KeyWord word, RecordView record) {
    const AnyKey key(plan_.before->id(), word);
    const RecordHeader header = record.header();
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
    if (report_.examples.size() < kExamplesMax) {
      report_.examples.push_back(
          {key, body_to_json(*old, record.body()), body_to_json(*plan_.after, *body)});
    }
    if (header.released()) {
      ++report_.kept;
      return;
    }
    ++report_.rewritten;
    if (target_) rewrite(key, header, *body);
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
  TreeReport report_;
};

// Ends a write transaction that must not be committed.
struct GivenUp {};

class Job {
 public:
  Job(store::Database& database, std::vector<Plan> plans, const Migrations& migrations,
      std::int64_t now_us)
      : database_(database), plans_(std::move(plans)), migrations_(migrations), now_us_(now_us) {}

  MigrationReport look() { return pass(database_.read(), nullptr); }

  MigrationReport change() {
    const Tables tables(database_);
    MigrationReport report;
    try {
      database_.write([&](store::WriteTxn& txn) {
        const std::uint64_t before = database_.meta().number(txn, "head");
        Target target{txn, tables.feed, before};
        report = pass(txn, &target);
        if (report.failed() > 0) throw GivenUp{};
        database_.meta().set_number(txn, "head", target.head);
        audit(txn, tables, before, target.head);
        for (const Plan& plan : plans_) {
          if (plan.after != plan.before) database_.adopt(txn, plan.after);
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
      report.trees.push_back(TreePass(database_, plan, migrations_, from, target, now_us_).run());
    }
    return report;
  }

  void audit(store::WriteTxn& txn, const Tables& tables, std::uint64_t before, std::uint64_t head) {
    AuditEntry entry;
    entry.kind = audit::Entry::Kind::MIGRATION;
    entry.first = before + 1;
    entry.last = head;
    for (const Plan& plan : plans_) {
      if (plan.after == plan.before) continue;
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
};

}  // namespace

std::uint64_t MigrationReport::failed() const {
  std::uint64_t failed = 0;
  for (const TreeReport& tree : trees) failed += tree.failed;
  return failed;
}

Result<MigrationReport> migrate(store::Database& database, const std::vector<Migration>& migrations,
                                MigrationRun run, std::int64_t now_us) {
  std::vector<Plan> plans;
  for (const Migration& migration : migrations) {
    auto plan = plan_for(*database.catalogue(), migration, now_us);
    if (!plan) return plan.error();
    plans.push_back(*plan);
  }
  const Migrations by_tree(migrations);
  Job job(database, std::move(plans), by_tree, now_us);
  return run == MigrationRun::dry ? job.look() : job.change();
}

}  // namespace coppice::server
