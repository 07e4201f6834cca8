#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "schema/tree_info.h"

namespace coppice {

// One version of a tree's schema, in a tree's history. It is parsed when it is asked for, since a
// history may be long and mostly nobody asks.
//
// Threads: any.
class TreeVersion {
 public:
  explicit TreeVersion(TreeInfoPtr info);
  // A TreeSchema out of our own store. REQUIRES: it was a TreeInfo's message().
  explicit TreeVersion(std::vector<std::uint64_t> message);

  std::uint32_t number() const { return number_; }
  std::uint32_t generation() const { return generation_; }
  // Throws CorruptionError if the stored schema does not parse.
  TreeInfoPtr info() const;

 private:
  std::vector<std::uint64_t> message_;
  std::uint32_t number_ = 0;
  std::uint32_t generation_ = 0;
  mutable std::mutex mutex_;
  mutable TreeInfoPtr info_;
};

// The versions of one tree by their numbers. Number 0, in a replica alone, is the schema of the
// program that uses it, when no authority has made it a version yet.
using TreeHistory = std::map<std::uint32_t, std::shared_ptr<const TreeVersion>>;

// The trees of one database, each with its history. A value; copies share the infos.
class Catalogue {
 public:
  // A tree as it is now: its newest version.
  TreeInfoPtr find(TreeId id) const;
  TreeInfoPtr find(std::string_view name) const;
  // The version that a record's header names. Number 0 gives the schema that has no number yet, or
  // the newest where that got one meanwhile. Nothing for a version that is not here.
  TreeInfoPtr find(TreeId id, std::uint32_t version) const;
  // The schema that a body of this version is checked and read by: the newest, or for an earlier
  // generation the version's own. Nothing for a version that is not here.
  TreeInfoPtr describing(TreeId id, std::uint32_t version) const;
  const TreeHistory& history(TreeId id) const;

  // The version of the tree's present generation that is this very schema; nothing: none is.
  TreeInfoPtr find_same(const TreeInfo& tree) const;
  // The number of the version that a program with this schema writes by: the same schema, or else
  // the first one that has all that the program knows. 0: the program knows more than the tree has.
  std::uint32_t version_known_to(const TreeInfo& program) const;

  // Whether a program goes with an earlier generation than the tree's present one: the tree was
  // migrated since it was built. REQUIRES: the tree is here.
  bool is_behind(const TreeInfo& program) const;

  // Adds a version, or replaces the one of the same number. The tree is what its highest version
  // says.
  void put(TreeInfoPtr tree);
  // Adds a version that is not the tree's newest, unless it is there.
  void put_earlier(TreeId id, std::shared_ptr<const TreeVersion> version);
  // Forgets a version. REQUIRES: it is not the newest.
  void drop(TreeId id, std::uint32_t version);
  // In the order of ids.
  const std::map<TreeId, TreeInfoPtr>& trees() const { return trees_; }

  // "parts:4711.2", or the tree's id in hex where the tree is unknown.
  std::string format(AnyKey key) const;
  // Errors: bad_request (not a key), unknown_tree.
  Result<AnyKey> parse(std::string_view text) const;

 private:
  std::map<TreeId, TreeInfoPtr> trees_;
  std::map<TreeId, TreeHistory> history_;
};

// The version that describes a body of version `before` which a program of version `writer` has
// edited: all fields of both are in it. 0, a schema without a number yet, is above all.
constexpr std::uint32_t version_after_edit(std::uint32_t before, std::uint32_t writer) {
  if (before == 0 || writer == 0) return 0;
  return before > writer ? before : writer;
}

}  // namespace coppice
