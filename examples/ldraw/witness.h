#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <coppice/client.h>

#include "examples/ldraw/stage.h"

#include "catalogue.capnp.h"
#include "catalogue.coppice.h"

namespace ldraw {

// Watches a replica while releases arrive: each is either there as a whole or not at all, in every
// single snapshot.
class Witness {
 public:
  explicit Witness(const coppice::Client& client) : client_(client) {}

  // From now on these revisions, which were not released yet, are what is looked for.
  void expect(std::vector<PartKey> revisions);
  // Takes a snapshot and looks at some of them. Returns the snapshot's sequence. Throws StoryError
  // if it shows only a part, and does not say that it is catching up.
  std::uint64_t look();
  // Looks at all of them, which must be released by now, and notes their contents.
  void remember_released(std::map<coppice::AnyKey, coppice::ContentHash>& released) const;

  // Snapshots that look() has taken.
  std::uint64_t looks() const { return looks_; }
  // Those of them that showed a part of a release, and said that they were catching up.
  std::uint64_t looks_at_parts() const { return looks_at_parts_; }

 private:
  bool is_released(const coppice::Snapshot& now, PartKey revision) const;

  const coppice::Client& client_;
  std::vector<PartKey> revisions_;
  std::vector<PartKey> sample_;
  std::uint64_t looks_ = 0;
  std::uint64_t looks_at_parts_ = 0;
};

// Compares the where-used index of bench with the bills of materials in the library's files, over
// all revisions that are there after so many releases.
void check_where_used(Stage& stage, std::size_t releases);

}  // namespace ldraw
