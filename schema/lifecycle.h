#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coppice/error.h"
#include "coppice/protocol.capnp.h"

namespace coppice {

// The lifecycle states that a tree declares, and the steps between them (coppice/tree.capnp). What
// declares none allows every number and every step.
//
// Immutable, a value.
class Lifecycle {
 public:
  struct State {
    std::uint16_t number = 0;
    std::string name;
    std::string doc;
    bool released = false;  // of released revisions; false: of drafts and of unversioned records
    bool obsolete = false;
    bool operator==(const State&) const = default;
  };
  struct Step {
    std::uint16_t from = 0;
    std::uint16_t to = 0;
    schema::StepRight right = schema::StepRight::SET_STATE;
    bool comment = false;  // not without one
    bool operator==(const Step&) const = default;
  };

  Lifecycle() = default;
  // Checks what a schema declares. Errors: incompatible_schema, with what is wrong as a sentence.
  static Result<Lifecycle> compile(protocol::TreeSchema::Reader schema);

  bool declared() const { return !states_.empty(); }
  const std::vector<State>& states() const { return states_; }
  const std::vector<Step>& steps() const { return steps_; }
  // Null: it is not declared.
  const State* find(std::uint16_t number) const;
  const State* find(std::string_view name) const;
  // For people: the name, or the number where it has none.
  std::string name(std::uint16_t number) const;
  // What a person typed, a name or a number. Errors: bad_request, with the names there are.
  Result<std::uint16_t> parse(std::string_view text) const;

  // What is to move the state: a release, or a set_state of a revision that is released or is not.
  enum class Mover { release, set_state_of_draft, set_state_of_released };
  // The step from one state to another; where none are declared, any. Errors: no_transition, whose
  // message goes after the name of the revision and says what may be done instead.
  Result<Step> step(std::uint16_t from, std::uint16_t to, Mover mover) const;
  // Whether an administrator may go from one to the other all the same. Errors: no_transition.
  Result<void> overriding(std::uint16_t to, Mover mover) const;
  // Whether the table has it.
  bool has_step(std::uint16_t from, std::uint16_t to) const;
  // Nothing new is to refer to a revision in this state.
  bool is_obsolete(std::uint16_t number) const;

  bool operator==(const Lifecycle&) const = default;

 private:
  Result<void> take_states(protocol::TreeSchema::Reader schema);
  Result<void> take_steps(protocol::TreeSchema::Reader schema);
  Result<void> check_states(protocol::TreeSchema::Reader schema) const;
  Error no_step(std::uint16_t from, std::uint16_t to, Mover mover) const;
  std::string next_of(std::uint16_t from, Mover mover) const;

  std::vector<State> states_;
  std::vector<Step> steps_;
};

// What is wrong with going from one lifecycle of a tree to another: what is stored would change its
// meaning. Sentences; empty: they are compatible.
std::vector<std::string> lifecycle_objections(const Lifecycle& was, const Lifecycle& is);

}  // namespace coppice
