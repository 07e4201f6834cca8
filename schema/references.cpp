#include "schema/references.h"

#include <cstring>

#include "coppice/check.h"

namespace coppice {
namespace {

class Collector final : public IndexSink {
 public:
  void reference(AnyKey key) override { found.push_back(key); }
  std::vector<AnyKey> found;
};

class Places final : public IndexSink {
 public:
  struct Place {
    AnyKey key;
    const std::byte* at;
  };
  void reference_at(AnyKey key, const std::byte* at) override { found.push_back({key, at}); }
  std::vector<Place> found;
};

}  // namespace

std::vector<AnyKey> references_in(const TreeInfo& tree, std::span<const std::uint64_t> body) {
  Collector collector;
  tree.indexes().extract(body, collector);
  return std::move(collector.found);
}

bool change_revisions(const TreeInfo& tree, std::span<std::uint64_t> body,
                      const std::function<KeyWord(AnyKey)>& choose) {
  Places places;
  tree.indexes().extract(body, places);
  const auto bytes = std::as_writable_bytes(body);
  bool changed = false;
  for (const auto& [key, at] : places.found) {
    const KeyWord chosen = choose(key);
    if (chosen == key.word) continue;
    // An id is never 0, so a word that is none stays none, and the body stays canonical.
    COPPICE_CHECK(chosen.id() == key.id());
    const auto offset = at - bytes.data();
    COPPICE_CHECK(offset >= 0 && static_cast<std::size_t>(offset) + 8 <= bytes.size());
    std::memcpy(bytes.data() + offset, &chosen.value, sizeof chosen.value);
    changed = true;
  }
  return changed;
}

}  // namespace coppice
