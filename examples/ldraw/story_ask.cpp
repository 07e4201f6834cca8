// Step 7: questions that a replica answers by itself.

#include <algorithm>
#include <set>

#include "examples/ldraw/explode.h"
#include "examples/ldraw/stage.h"
#include "examples/ldraw/where_used.h"

namespace ldraw {
namespace {

void ask_where_used(Stage& stage) {
  const PartIndex part = most_used_part(stage.library);
  const auto now = stage.bench->snapshot();
  Stopwatch time;
  const auto uses = where_used(now, stage.keys.parts[part]);
  const double seconds = time.seconds();

  std::set<coppice::RecordId> parents;
  std::set<coppice::RecordId> today;
  for (const PartKey use : uses) {
    parents.insert(use.id());
    if (now.get(use.floating())->key() == use) today.insert(use.id());
  }
  stage.report.line("Where is " + stage.library.parts[part].name + " used? In " +
                    counted(today.size(), "part") + " as they are today, " +
                    counted(parents.size(), "part") + " and " + counted(uses.size(), "revision") +
                    " in all: " + duration(seconds) + ".");
}

void ask_for_largest_set(Stage& stage) {
  const auto now = stage.bench->snapshot();
  const SetKey* largest = nullptr;
  Explosion found;
  double seconds = 0;
  Stopwatch all_time;
  for (const SetKey& set : stage.keys.sets) {
    Stopwatch time;
    Explosion explosion = explode(now, set);
    if (largest && explosion.pieces <= found.pieces) continue;
    largest = &set;
    found = std::move(explosion);
    seconds = time.seconds();
  }
  if (!largest) return;
  const auto most =
      std::ranges::max_element(found.quantities, {}, [](const auto& item) { return item.second; });
  std::string text = std::string("What is the largest set, ") +
                     (*now.get(*largest))->getFile().cStr() + ", made of? " +
                     counted(found.pieces, "piece") + " of " +
                     with_commas(found.quantities.size()) + " kinds (part and colour) in " +
                     counted(found.submodels, "submodel") + ", nested " +
                     std::to_string(found.levels) + " deep: " + duration(seconds) + ".";
  if (most != found.quantities.end()) {
    const auto part = now.get(PartKey(most->first.part, coppice::Revision{0}));
    text += " Most of all it needs " + with_commas(most->second) + " times " +
            (*part)->getNumber().cStr() + ", \"" + (*part)->getTitle().cStr() + "\".";
  }
  stage.report.line(text);
  if (stage.keys.sets.size() < 2) return;
  stage.report.line("All " + with_commas(stage.keys.sets.size()) +
                    " sets, exploded: " + duration(all_time.seconds()) + ".");
}

}  // namespace

void ask_the_replica(Stage& stage) {
  stage.report.step(7, "Questions that bench answers from its own replica");
  ask_where_used(stage);
  ask_for_largest_set(stage);
}

}  // namespace ldraw
