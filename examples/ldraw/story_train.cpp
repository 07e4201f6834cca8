// Step 4: the library's releases, one after the other, each as one transaction.

#include <algorithm>

#include "examples/ldraw/part_body.h"
#include "examples/ldraw/stage.h"
#include "examples/ldraw/where_used.h"
#include "examples/ldraw/witness.h"

namespace ldraw {
namespace {

struct ReleaseCounts {
  std::size_t added = 0;
  std::size_t changed = 0;
  std::size_t superseded = 0;
};

const LibraryRevision& revision_at(const Library& library, RevisionIndex index) {
  return library.parts[index.part].revisions[index.revision];
}

ReleaseCounts count_release(const Library& library, const LibraryRelease& release) {
  ReleaseCounts counts;
  for (const RevisionIndex index : release.revisions) {
    ++(index.revision == 0 ? counts.added : counts.changed);
    if (revision_at(library, index).moved_to) ++counts.superseded;
  }
  return counts;
}

// What a release does to one part that was borrowed.
void publish(coppice::Transaction& t, const Stage& stage, RevisionIndex index) {
  PartKey key = key_of(stage.keys.parts, index);
  if (index.revision > 0) {
    key = t.next_revision(key_of(stage.keys.parts, {index.part, index.revision - 1}));
    fill_part(t.edit(key), stage.library, index, stage.keys.parts);
    t.check_in(key, {}, coppice::Borrowing::kept);
  }
  t.release(key);
  if (revision_at(stage.library, index).moved_to) t.set_state(key, kReleased, kSuperseded);
}

std::vector<PartKey> keys_of(const Stage& stage, const LibraryRelease& release) {
  std::vector<PartKey> keys;
  for (const RevisionIndex index : release.revisions) {
    keys.push_back(key_of(stage.keys.parts, index));
  }
  return keys;
}

struct ReleaseTimes {
  double accepted = 0;
  double seen = 0;  // by bench, after that
};

ReleaseTimes run_release(Stage& stage, const LibraryRelease& release, Witness& witness) {
  Stopwatch time;
  const std::vector<PartKey> keys = keys_of(stage, release);
  const std::vector<coppice::AnyKey> records(keys.begin(), keys.end());
  const std::string what = "release " + release.name;
  coppice::Client& client = *stage.workstation;
  granted(stage, "borrowing the parts of " + what, client.check_out(records, {.reason = what}));
  witness.expect(keys);
  const auto pending = client.submit([&](coppice::Transaction& t) {
    t.comment(what);
    for (const RevisionIndex index : release.revisions) publish(t, stage, index);
  });
  std::optional<coppice::Result<coppice::Accepted>> answer;
  wait_until(stage, what, [&] {
    witness.look();
    return (answer = pending.result()).has_value();
  });
  if (!*answer) throw StoryError("The server refused " + what + ": " + answer->error().message);
  ReleaseTimes times;
  times.accepted = time.seconds();
  wait_until(stage, "bench sees " + what, [&] { return witness.look() >= (*answer)->sequence; });
  times.seen = time.seconds() - times.accepted;
  witness.remember_released(stage.released);
  return times;
}

void tell(Stage& stage, const LibraryRelease& release, const ReleaseTimes& times) {
  const ReleaseCounts counts = count_release(stage.library, release);
  stage.report.line(release.name + ": " + with_commas(counts.added) + " added, " +
                    with_commas(counts.changed) + " changed, " + with_commas(counts.superseded) +
                    " superseded: accepted after " + duration(times.accepted) +
                    ", whole on bench " + duration(times.seen) + " later.");
}

// The first, the last and the largest release, and some between them: a page of all would tell no
// more.
bool is_told(const std::vector<LibraryRelease>& releases, std::size_t index, std::size_t count) {
  const auto largest = std::max_element(
      releases.begin(), releases.begin() + static_cast<std::ptrdiff_t>(count),
      [](const auto& a, const auto& b) { return a.revisions.size() < b.revisions.size(); });
  return index == 0 || index + 1 == count || index % 12 == 11 || &releases[index] == &*largest;
}

// Every revision that was released is as it was then, and has the lifecycle state that its part's
// history gives it.
void check_released(Stage& stage, std::size_t releases) {
  const auto now = stage.bench->snapshot();
  for (const auto& [key, hash] : stage.released) {
    const auto record = now.get(key);
    require(record && record->header().released() && record->view.hash() == hash &&
                coppice::content_hash(record->view.body()) == hash,
            "The released revision " + stage.bench->format(key) + " has changed.");
  }
  std::uint64_t superseded = 0;
  for (PartIndex part = 0; part < stage.library.parts.size(); ++part) {
    const auto& revisions = stage.library.parts[part].revisions;
    for (std::uint32_t i = 0; i < revisions.size() && revisions[i].release < releases; ++i) {
      const auto record = now.get(key_of(stage.keys.parts, {part, i}));
      const bool has_newer = i + 1 < revisions.size() && revisions[i + 1].release < releases;
      const auto expected = has_newer               ? kNewerRevision
                            : revisions[i].moved_to ? kSuperseded
                                                    : kReleased;
      require(record && record->header().state == expected,
              "Part " + stage.library.parts[part].name + " has a wrong lifecycle state.");
      superseded += expected == kSuperseded;
    }
  }
  stage.report.line(with_commas(stage.released.size()) +
                    " released revisions have kept the content that they were released with; " +
                    with_commas(superseded) + " parts are superseded by others.");
}

}  // namespace

void run_release_train(Stage& stage) {
  const auto& releases = stage.library.releases;
  const std::size_t count = std::min(stage.releases_max, releases.size());
  stage.report.step(4, "The release train: " + counted(count, "release") +
                           " of the library, each borrowed, edited, checked in and released in one "
                           "transaction");
  Stopwatch time;
  Witness witness(*stage.bench);
  std::uint64_t revisions = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (releases[i].revisions.empty()) continue;
    const ReleaseTimes times = run_release(stage, releases[i], witness);
    revisions += releases[i].revisions.size();
    if (is_told(releases, i, count)) tell(stage, releases[i], times);
  }
  const double seconds = time.seconds();
  stage.report.line(counted(revisions, "revision") + " released in " + duration(seconds) + " (" +
                    rate(revisions, seconds) + "). bench was looked at " +
                    with_commas(witness.looks()) + " times meanwhile, and " +
                    (witness.looks_at_parts() == 0
                         ? std::string("never showed a part of a release.")
                         : "showed a part of a release " + with_commas(witness.looks_at_parts()) +
                               " times, each time saying that it was catching up."));
  check_released(stage, count);
  check_where_used(stage, count);
}

}  // namespace ldraw
