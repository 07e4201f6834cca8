#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "coppice/record.h"
#include "schema/migrations.h"

namespace coppice::client {

// How a program's schema of a tree stands to the versions in a catalogue.
enum class Standing {
  known,  // it is one of them, or has nothing that the newest lacks
  newer,  // compatible, and something in it is new
  ahead,  // a migration leads to it, which the authority has not made yet
};

// Errors: needs_newer_client (the tree was migrated since the program was built), not_supported
// (the tree was migrated, and the program has no migration to read what is older),
// incompatible_schema. REQUIRES: the tree is in the catalogue.
Result<Standing> standing(const Catalogue& catalogue, const TreeInfo& program, bool has_migration);

// How this program reads the trees of its replica: which bodies are of an earlier generation than
// its own schema, and what they are to it. A tree without a compiled schema or without a migration
// is read as it is stored; the record's header names the version to read it by.
//
// Immutable, shared by threads. The program's migrations must live longer.
class Reading {
 public:
  Reading(std::shared_ptr<const Catalogue> catalogue, const std::map<TreeId, TreeInfoPtr>& programs,
          const Migrations& migrations);

  const std::shared_ptr<const Catalogue>& catalogue() const { return catalogue_; }
  // Bodies of versions from this one on are read as they are; 0: all are.
  std::uint32_t reads_from(TreeId tree) const;
  // The program waits for the server to be migrated: it reads, and cannot write.
  bool is_ahead(TreeId tree) const { return reads_from(tree) == kAll; }
  // Whether there is any tree of which not all is read as it is.
  bool converts() const { return !trees_.empty(); }
  // The schema by which the program gets the tree's records: the catalogue's newest, unless the
  // program is ahead of it. Null: there is no such tree.
  TreeInfoPtr given_by(TreeId tree) const;
  // Whether bodies of earlier generations become bodies of the catalogue's newest schema.
  bool reads_into_newest(TreeId tree) const { return reads_from(tree) != 0 && !is_ahead(tree); }
  // How many migrations lie behind the schema by which the program reads the tree; the same before
  // and after the server is migrated.
  std::uint32_t migrations_behind(TreeId tree) const;

  bool is_old(TreeId tree, std::uint32_t version) const {
    const std::uint32_t from = reads_from(tree);
    // What has no number yet was written by a program of the present generation.
    return version < from && (version != 0 || from == kAll);
  }
  // A body of an earlier generation as the program knows it. Errors: invalid, if the program's
  // migration says so. REQUIRES: is_old().
  Result<std::vector<std::uint64_t>> convert(AnyKey key, std::uint32_t version,
                                             std::span<const std::uint64_t> body) const;
  // A record as the program knows it: itself, or a view of `room`, with the hash of the stored
  // body. Errors: as convert().
  Result<RecordView> readable(AnyKey key, RecordView stored,
                              std::vector<std::uint64_t>& room) const;

 private:
  static constexpr std::uint32_t kAll = 0xffffffff;

  struct Tree {
    TreeInfoPtr target;
    std::uint32_t reads_from;
  };

  const std::shared_ptr<const Catalogue> catalogue_;
  const Migrations& migrations_;
  std::map<TreeId, Tree> trees_;
};

}  // namespace coppice::client
