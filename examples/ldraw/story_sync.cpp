// Step 3: a second replica gets everything, and nothing differs anywhere.

#include "examples/ldraw/stage.h"

namespace ldraw {

void sync_second_replica(Stage& stage) {
  stage.report.step(3, "\"bench\", another replica, gets everything");
  coppice::Client& bench = stage.bench.emplace(open_replica(stage, "bench"));
  Stopwatch time;
  connect(stage, bench);
  const double seconds = time.seconds();
  std::uint64_t records = 0;
  const auto now = bench.snapshot();
  for (const coppice::TreeId tree : all_trees()) records += now.count(tree);
  stage.report.line("bench made its first sync: " + with_commas(records) + " records in " +
                    duration(seconds) + " (" + rate(records, seconds) +
                    "), indexed and on its disk; from here on it follows live.");

  // A third, fresh replica has what the server has, and nothing else.
  auto auditor = open_replica(stage, "auditor");
  connect(stage, auditor);
  Stopwatch compare_time;
  const auto equal = require_equal(
      {{"workstation", &*stage.workstation}, {"bench", &bench}, {"server", &auditor}});
  stage.report.line(
      with_commas(equal) +
      " records are equal in workstation, bench and server: keys, headers and bodies, "
      "compared in " +
      duration(compare_time.seconds()) + ".");
  stage.report.line("The server uses " + with_commas(stage.server.private_bytes() >> 20) +
                    " MB of memory beside its mapped file.");
}

}  // namespace ldraw
