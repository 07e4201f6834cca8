#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "coppice/record.h"
#include "schema/tree_info.h"

namespace coppice::store {

// A body with the version of its tree's schema that wrote it.
struct WrittenBody {
  WrittenBody() : version(0) {}
  // 0: it is of the tree's present generation.
  WrittenBody(std::span<const std::uint64_t> words, std::uint32_t version = 0)
      : words(words), version(version) {}
  WrittenBody(const std::vector<std::uint64_t>& words, std::uint32_t version = 0)
      : words(words), version(version) {}
  static WrittenBody of(const RecordView& record) {
    return {record.body(), record.header().schema_version};
  }

  std::span<const std::uint64_t> words;  // empty: there is none
  std::uint32_t version;
};

// Reads bodies of a tree's earlier generations as its newest schema describes them
// (docs/schemas.md, "Migrations"). The store knows no migration: who has one hands this down.
//
// Threads: any.
class OldBodies {
 public:
  virtual ~OldBodies() = default;
  // Whether this tree's can be read so.
  virtual bool reads(TreeId tree) const = 0;
  // Empty: the migration refuses it. REQUIRES: reads(key.tree), and the body is of an earlier
  // generation.
  virtual std::vector<std::uint64_t> read(AnyKey key, const WrittenBody& body) const = 0;
};

// Whether a body that this version wrote is of an earlier generation than the tree's newest schema,
// which says nothing of where in it a value lies.
inline bool is_of_earlier_generation(const TreeInfo& tree, std::uint32_t version) {
  return version != 0 && version < tree.generation();
}

// A body as declared indexes take it: by the tree's newest schema. Valid as long as the body that
// it is made from.
class IndexableBody {
 public:
  // `old`: null where nobody can read bodies of earlier generations.
  IndexableBody(const TreeInfo& tree, const OldBodies* old, AnyKey key, const WrittenBody& body) {
    if (!is_of_earlier_generation(tree, body.version)) {
      words_ = body.words;
    } else if (!old || !old->reads(tree.id())) {
      readable_ = body.words.empty();
    } else if (!body.words.empty()) {
      made_ = old->read(key, body);
      words_ = made_;
    }
  }
  IndexableBody(IndexableBody&&) noexcept = default;

  // Empty: the record is in no index.
  std::span<const std::uint64_t> words() const { return words_; }
  // false: nobody here can say what its values are.
  bool is_readable() const { return readable_; }

 private:
  std::vector<std::uint64_t> made_;
  std::span<const std::uint64_t> words_;
  bool readable_ = true;
};

}  // namespace coppice::store
