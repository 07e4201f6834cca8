#include <algorithm>
#include <unordered_set>

#include "examples/ldraw/library.h"

namespace ldraw {
namespace {

// A depth-first walk over what the first revisions refer to. Bills of materials are at most some
// dozens of levels deep in any real library; a stack of its own keeps a strange file from
// overflowing the program's.
class Walk {
 public:
  explicit Walk(const Library& library)
      : library_(library), marks_(library.parts.size(), Mark::unseen) {}

  std::vector<PartIndex> run() {
    order_.reserve(marks_.size());
    for (PartIndex part = 0; part < marks_.size(); ++part) visit(part);
    return std::move(order_);
  }

 private:
  enum class Mark : std::uint8_t { unseen, open, done };
  struct Step {
    PartIndex part;
    std::vector<PartIndex> children;
  };

  void visit(PartIndex root) {
    enter(root);
    while (!stack_.empty()) {
      Step& step = stack_.back();
      if (step.children.empty()) {
        marks_[step.part] = Mark::done;
        order_.push_back(step.part);
        stack_.pop_back();
        continue;
      }
      const PartIndex child = step.children.back();
      step.children.pop_back();
      enter(child);
    }
  }

  void enter(PartIndex part) {
    if (marks_[part] == Mark::done) return;
    if (marks_[part] == Mark::open) {
      throw FileError("the first revision of part " + in_quotes(library_.parts[part].name) +
                      " contains itself, by way of its own bill of materials");
    }
    marks_[part] = Mark::open;
    stack_.push_back({part, children_of(part)});
  }

  std::vector<PartIndex> children_of(PartIndex part) const {
    std::vector<PartIndex> children;
    const auto& revisions = library_.parts[part].revisions;
    if (revisions.empty()) return children;
    for (const LibraryBomLine& line : revisions.front().bom) children.push_back(line.part);
    if (revisions.front().moved_to) children.push_back(*revisions.front().moved_to);
    return children;
  }

  const Library& library_;
  std::vector<Mark> marks_;
  std::vector<Step> stack_;
  std::vector<PartIndex> order_;
};

}  // namespace

std::vector<PartIndex> creation_order(const Library& library) { return Walk(library).run(); }

PartIndex most_used_part(const Library& library) {
  std::vector<std::uint32_t> parents(library.parts.size());
  for (const LibraryPart& part : library.parts) {
    std::unordered_set<PartIndex> children;
    for (const LibraryRevision& revision : part.revisions) {
      for (const LibraryBomLine& line : revision.bom) children.insert(line.part);
    }
    for (const PartIndex child : children) ++parents[child];
  }
  return static_cast<PartIndex>(std::max_element(parents.begin(), parents.end()) - parents.begin());
}

}  // namespace ldraw
