#include "schema/compare_schemas.h"

#include <algorithm>

#include <capnp/schema-loader.h>

#include "schema/body_types.h"
#include "schema/schema_diff.h"

namespace coppice {
namespace {

// A refusal names so many differences; `coppice schema check` tells all.
constexpr std::size_t kDifferencesMax = 5;

Error incompatible(const TreeInfo& stored, const std::string& why) {
  return error(Errc::incompatible_schema,
               "The schema of tree '" + stored.name() +
                   "' that this program has is not compatible with the stored one. Nothing was "
                   "changed. " +
                   why);
}

Error incompatible(const TreeInfo& stored, const std::vector<SchemaDifference>& differences) {
  std::string why;
  std::size_t count = 0;
  for (const SchemaDifference& difference : differences) {
    if (difference.verdict == Verdict::compatible || ++count > kDifferencesMax) continue;
    why += (why.empty() ? "" : " ") + difference.sentence();
  }
  if (count > kDifferencesMax) {
    why += " And " + std::to_string(count - kDifferencesMax) +
           " more: `coppice schema check` tells them all.";
  }
  return incompatible(stored, why);
}

// Whether `other` has anything that `base` has not. SchemaLoader keeps the newer one of two
// compatible nodes, and the first of two that are alike. Throws kj::Exception if they are not
// compatible.
bool adds_something(const BodyTypes& base, const BodyTypes& other) {
  capnp::SchemaLoader alone;
  capnp::SchemaLoader both;
  for (const auto& [id, node] : base) {
    alone.load(node);
    both.load(node);
  }
  for (const auto& [id, node] : other) both.load(node);
  return std::any_of(base.begin(), base.end(), [&](const auto& entry) {
    return portable_words(alone.get(entry.first).getProto()) !=
           portable_words(both.get(entry.first).getProto());
  });
}

}  // namespace

Result<SchemaChange> compare_schemas(const TreeInfo& stored, const TreeInfo& offered) {
  if (stored.same_schema(offered)) return SchemaChange::none;
  const auto differences = schema_diff(stored, offered);
  if (worst(differences) != Verdict::compatible) return incompatible(stored, differences);
  auto before = body_types(stored.dynamic());
  auto after = body_types(offered.dynamic());
  try {
    bool newer = adds_something(before, after);
    bool older = adds_something(after, before);
    if (newer && older)
      return incompatible(stored, "Each of them has something that the other lacks.");
    // Neither: names, annotations or options differ, and the last word counts.
    return older ? SchemaChange::older : SchemaChange::newer;
  } catch (const kj::Exception& e) {
    return incompatible(stored, std::string("Cap'n Proto says: ") + e.getDescription().cStr() +
                                    ". Keep what was there and add what is new beside it, or "
                                    "write a migration.");
  }
}

}  // namespace coppice
