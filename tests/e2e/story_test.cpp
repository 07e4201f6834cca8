#include "test_places.h"
#include "tests/e2e/site.h"

#ifdef COPPICE_STORY_PROGRAM

namespace coppice::test {
namespace {

TEST_CASE("the story of the example comes to its good end on its small set", "[e2e]") {
  const Ran ran = run_to_end({COPPICE_STORY_PROGRAM, "--server", COPPICE_SERVER_PROGRAM});
  INFO(ran.output << ran.errors);
  CHECK(ran.end == kOrderly);
}

}  // namespace
}  // namespace coppice::test

#endif
