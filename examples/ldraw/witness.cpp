#include "examples/ldraw/witness.h"

#include <algorithm>

#include "examples/ldraw/where_used.h"

namespace ldraw {
namespace {

// Spread over a release: a release in pieces would show up between any two of them.
constexpr std::size_t kSampleMax = 16;

// How often a revision's bill of materials names a part.
std::uint64_t lines_with(const coppice::Record<Part>& revision, coppice::RecordId part) {
  const auto bom = revision->getBom();
  return static_cast<std::uint64_t>(std::count_if(bom.begin(), bom.end(), [&](const auto& line) {
    return coppice::key_of(line.getPart()).id() == part;
  }));
}

// What the files say: for each part, the revisions that use it, and the number of lines that say
// so.
struct Uses {
  std::vector<std::vector<PartKey>> parents;  // by PartIndex
  std::uint64_t lines = 0;
};

Uses uses_in_files(const Stage& stage, std::size_t releases) {
  Uses uses;
  uses.parents.resize(stage.library.parts.size());
  for (PartIndex part = 0; part < stage.library.parts.size(); ++part) {
    const auto& revisions = stage.library.parts[part].revisions;
    for (std::uint32_t i = 0; i < revisions.size(); ++i) {
      // First revisions were all created at the start, as drafts.
      if (i > 0 && revisions[i].release >= releases) break;
      for (const LibraryBomLine& line : revisions[i].bom) {
        uses.parents[line.part].push_back(key_of(stage.keys.parts, {part, i}));
        ++uses.lines;
      }
    }
  }
  for (auto& parents : uses.parents) {
    std::sort(parents.begin(), parents.end());
    parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
  }
  return uses;
}

}  // namespace

void Witness::expect(std::vector<PartKey> revisions) {
  revisions_ = std::move(revisions);
  sample_.clear();
  const std::size_t step = std::max<std::size_t>(1, revisions_.size() / kSampleMax);
  for (std::size_t i = 0; i < revisions_.size(); i += step) sample_.push_back(revisions_[i]);
  sample_.push_back(revisions_.back());
}

std::uint64_t Witness::look() {
  const auto now = client_.snapshot();
  ++looks_;
  const auto released = std::count_if(sample_.begin(), sample_.end(),
                                      [&](PartKey key) { return is_released(now, key); });
  const bool whole = released == 0 || released == static_cast<std::ptrdiff_t>(sample_.size());
  require(whole || now.catching_up(), "bench shows only a part of a release.");
  looks_at_parts_ += !whole;
  return now.sequence();
}

void Witness::remember_released(std::map<coppice::AnyKey, coppice::ContentHash>& released) const {
  const auto now = client_.snapshot();
  for (const PartKey key : revisions_) {
    require(is_released(now, key), "bench has not got " + client_.format(key) + " as released.");
    released.emplace(key, now.get(key)->view().hash());
  }
}

bool Witness::is_released(const coppice::Snapshot& now, PartKey revision) const {
  const auto record = now.get(revision);
  return record && record->header().released();
}

void check_where_used(Stage& stage, std::size_t releases) {
  Stopwatch time;
  const Uses expected = uses_in_files(stage, releases);
  const auto now = stage.bench->snapshot();
  std::uint64_t uses = 0;
  std::uint64_t lines = 0;
  for (PartIndex part = 0; part < expected.parents.size(); ++part) {
    const PartKey key = stage.keys.parts[part];
    const auto indexed = where_used(now, key);
    require(indexed == expected.parents[part],
            "The where-used index of bench disagrees with bom.tsv about part " +
                stage.library.parts[part].name + ".");
    uses += indexed.size();
    for (const PartKey parent : indexed) lines += lines_with(now.get(parent).value(), key.id());
  }
  require(lines == expected.lines, "The bills of materials disagree with bom.tsv.");
  require(uses == now.index_count(WhereUsed::kName).value(),
          "The where-used index has strange entries.");
  stage.report.line(
      "The where-used index of bench agrees with bom.tsv for every part and revision: " +
      with_commas(uses) + " uses in " + with_commas(lines) + " lines, compared in " +
      duration(time.seconds()) + ".");
}

}  // namespace ldraw
