#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coppice/protocol.capnp.h"
#include "server/ledger.h"
#include "server/types.h"

namespace coppice::server {

// Whether the body of an action fits the tree, and by a schema that the catalogue knows. Returns an
// empty span and adds a refusal where it does not. The result is a view of the request, or of
// `copied` if the body was not canonical. Throws kj's exceptions.
std::span<const std::uint64_t> checked_body(Ledger& ledger, const Ledger::Tree& tree,
                                            protocol::Action::Reader action, std::uint32_t index,
                                            std::vector<std::vector<std::uint64_t>>& copied,
                                            Refusals& refusals);

// Why a program that knows this version of a tree's schema may not write to it (B12); nothing: it
// may. 0: not said.
std::optional<Error> too_old_to_write(const Ledger& ledger, const TreeInfo& tree,
                                      std::uint32_t writer, AnyKey key);

// Whether this client may create this key, its existence aside. Adds a refusal where not.
void check_new_key(Ledger& ledger, const Asker& asker, Ledger::Tree& tree, KeyWord key,
                   std::uint32_t index, Refusals& refusals);

// The version of the schema that describes the body of an action: 0 stands for the newest, which
// the client's program has brought itself.
std::uint32_t body_version(const Ledger::Tree& tree, protocol::Action::Reader action);

// The header of a new record, all but its sequences.
RecordHeader header_of_new(const Ledger& ledger, const Asker& asker, std::uint32_t schema_version);

Refusal exists_already(const Ledger& ledger, AnyKey key, std::uint32_t index);
Refusal no_such_tree(TreeId tree, std::uint32_t index);

// A transaction of creates only, none of which keeps its borrow or leaves its version open: how
// records made off line come in, by the hundred thousand. It does what Transaction would do,
// without an overlay.
//
// The record of action i gets the header that its maker has worked out by itself (protocol.capnp,
// Accepted): sequence and body_sequence first + i, iteration 1, state 0, kFresh.
class Creates {
 public:
  static bool applies(protocol::Transaction::Reader transaction);

  Creates(Ledger& ledger, const Asker& asker) : ledger_(ledger), asker_(asker) {}

  // Judges all actions, without writing. Throws kj's exceptions.
  void judge(protocol::Transaction::Reader transaction);
  const Refusals& refusals() const { return refusals_; }
  // REQUIRES: no refusals.
  Accepted apply();

 private:
  struct Planned {
    Ledger::Tree* tree;
    KeyWord key;
    std::uint32_t index;
    std::uint32_t schema_version;
    std::span<const std::uint64_t> body;
  };

  void judge(protocol::Action::Reader action, std::uint32_t index);
  void judge_repeated_keys();
  void judge_unique_values();

  Ledger& ledger_;
  const Asker asker_;
  std::vector<Planned> planned_;
  // Bodies that came in another layout than the canonical one. A vector in a vector does not move
  // its words.
  std::vector<std::vector<std::uint64_t>> copied_;
  bool ascending_ = true;
  Refusals refusals_;
};

}  // namespace coppice::server
