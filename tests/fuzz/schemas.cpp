// Schemas from outside: a program's, a server's.

#include <capnp/message.h>

#include "schema/compare_schemas.h"
#include "schema/schema_text.h"
#include "tests/fuzz/shop_trees.h"
#include "tests/fuzz/targets.h"

namespace coppice::fuzz {

void run_schema(Input input) {
  const auto words = words_of(input);
  const auto tree = TreeInfo::parse(std::span<const std::uint64_t>(words));
  if (!tree) return;
  // Whoever gets one of these uses it without a further check.
  const std::string text = schema_text(**tree);
  for (const TreeInfo* stored : {&parts(), &companies()}) {
    static_cast<void>(compare_schemas(*stored, **tree));
    static_cast<void>(compare_schemas(**tree, *stored));
  }
  if (!compare_schemas(**tree, **tree)) fail("A schema does not go with itself.");
  const auto again = TreeInfo::parse((*tree)->message());
  if (!again) fail("A schema that was accepted is refused: " + again.error().message);
  const auto body = some_part();
  std::vector<std::uint64_t> scratch;
  static_cast<void>((*tree)->shape().check(std::as_bytes(std::span(body)), scratch));
}

std::vector<std::string> schema_seeds() {
  return {seed_of(parts().message()), seed_of(companies().message())};
}

}  // namespace coppice::fuzz
