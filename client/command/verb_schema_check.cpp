#include <algorithm>
#include <iostream>

#include "client/command/compile_schema.h"
#include "client/command/known_trees.h"
#include "client/command/verbs.h"
#include "schema/compare_schemas.h"
#include "schema/schema_diff.h"

namespace coppice::command {
namespace {

const char* words_for(Verdict verdict) {
  switch (verdict) {
    case Verdict::compatible:
      return "compatible";
    case Verdict::needs_migration:
      return "needs a migration";
    case Verdict::impossible:
      return "impossible";
  }
  return "";
}

// What is to be said of one tree: the differences, and in one line what they come to.
struct Report {
  std::string summary;
  std::vector<SchemaDifference> differences;
  Verdict verdict = Verdict::compatible;
};

std::string named(const TreeInfo& stored) {
  return stored.version() == 0 ? "the old file" : "version " + std::to_string(stored.version());
}

Report new_tree(const Catalogue& known, const TreeInfo& tree) {
  const auto other = known.find(tree.name());
  if (!other) return {"a new tree", {}, Verdict::compatible};
  SchemaDifference taken;
  taken.verdict = Verdict::impossible;
  taken.what = "a tree of this name is there already, of another struct";
  taken.advice =
      "A tree is known by its struct's id: give the struct the id it had (@0x... after its name), "
      "or the tree another name";
  return {"not the tree of that name", {taken}, Verdict::impossible};
}

Report behind(const TreeInfo& stored) {
  SchemaDifference past;
  past.verdict = Verdict::impossible;
  past.what =
      "the tree was migrated past this schema, by version " + std::to_string(stored.generation());
  past.advice = "A program with it is an old one: build it with the present schema";
  return {"against " + named(stored), {past}, Verdict::impossible};
}

Report compare(const Catalogue& known, const TreeInfo& tree) {
  const auto stored = known.find(tree.id());
  if (!stored) return new_tree(known, tree);
  if (const auto version = known.version_known_to(tree)) {
    const bool same = known.find_same(tree) != nullptr;
    const std::string text = std::string(same ? "the same as" : "older than") + " version ";
    return {text + std::to_string(version) + "; nothing would be adopted", {}, Verdict::compatible};
  }
  if (known.is_behind(tree)) return behind(*stored);
  Report report{"against " + named(*stored), schema_diff(*stored, tree), Verdict::compatible};
  report.verdict = worst(report.differences);
  const auto change = compare_schemas(*stored, tree);
  if (change || report.verdict != Verdict::compatible) return report;
  SchemaDifference other;
  other.verdict = report.verdict = Verdict::needs_migration;
  other.what = change.error().message;
  report.differences.push_back(other);
  return report;
}

void print(const TreeInfo& tree, const Report& report) {
  std::cout << tree.name() << ": " << words_for(report.verdict) << " (" << report.summary << ")\n";
  for (const SchemaDifference& one : report.differences) {
    std::cout << "  " << words_for(one.verdict) << ": " << one.sentence() << '\n';
  }
}

}  // namespace

Result<CheckedSchemas> run(const Place& place, const SchemaCheckVerb& verb) {
  const auto trees = compile_schema(verb.file, verb.imports);
  if (!trees) return trees.error();
  const auto known = known_trees(place, verb.against, verb.imports);
  if (!known) return known.error();
  CheckedSchemas checked;
  for (const TreeInfoPtr& tree : *trees) {
    const Report report = compare(**known, *tree);
    print(*tree, report);
    checked.verdict = std::max(checked.verdict, report.verdict);
  }
  return checked;
}

}  // namespace coppice::command
