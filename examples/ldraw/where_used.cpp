#include "examples/ldraw/where_used.h"

#include <algorithm>

namespace ldraw {
namespace {

// A borrow, a release or a new lifecycle state touches the header only.
bool same_body(const coppice::IndexedChange& change) {
  if (!change.before || !change.after) return false;
  return std::ranges::equal(change.before->body(), change.after->body());
}

template <typename F>
void for_each_child(const coppice::Record<Part>& part, F&& use) {
  for (const auto line : part->getBom()) use(coppice::key_of(line.getPart()).id().value);
}

}  // namespace

void WhereUsed::change(const coppice::IndexedChange& change, coppice::IndexWriter& index) {
  if (same_body(change)) return;
  const std::uint64_t parent = change.key.word.value;
  if (const auto before = change.before_as<Part>()) {
    for_each_child(*before, [&](std::uint64_t child) { index.remove(child, parent); });
  }
  if (const auto after = change.after_as<Part>()) {
    for_each_child(*after, [&](std::uint64_t child) { index.add(child, parent); });
  }
}

std::vector<PartKey> where_used(const coppice::Snapshot& snapshot, PartKey part) {
  return coppice::IndexHandle(WhereUsed::kName).find_keys<Part>(snapshot, part.id().value).value();
}

}  // namespace ldraw
