#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <capnp/schema.h>

#include "schema/body_walk.h"
#include "schema/index_plan.h"

namespace coppice {

class FieldReader;

// The fields of a tree that can be asked for, indexed or not, and where in a body they lie.
//
// A field is named as in IndexPlan, and is the same field: by the way to it, "price", "bom.part". A
// struct that occurs in two places is two fields; inside itself it is one. Structs, groups in
// unions and members without a value are fields too: they have presence, and nothing else.
//
// Immutable, shared by threads.
class FieldMap {
 public:
  struct Field {
    std::string name;
    FieldId id;
    ValueType type = ValueType::presence;
    // The enum, or the tree referred to; 0: nothing that is known.
    std::uint64_t type_id = 0;
    // A record has at most one value of it.
    bool is_single = false;
    // A record has one at least: a number, Bool or enum that lies in no union, list or struct.
    bool is_always_there = false;
    // Its words are in the tree's search.
    bool is_searched = false;
    // Where its values lie: a slot of a node.
    unsigned node = 0;
    unsigned slot = 0;
  };

  // Deeper fields of a schema that has more have no name. Nobody could choose among as many.
  static constexpr std::size_t kFieldsMax = 4096;

  // Throws kj::Exception if the schema is damaged. REQUIRES: BodyShape accepts the schema.
  static FieldMap compile(capnp::StructSchema root);

  // In the order of the schema.
  const std::vector<Field>& fields() const { return fields_; }
  // Null: there is none.
  const Field* find(FieldId id) const;
  const Field* find(std::string_view name) const;
  // The names of an enum's values, by number. Empty: not an enum of this schema.
  const std::vector<std::string>& enumerants(std::uint64_t type_id) const;

  // REQUIRES: a field of this map.
  FieldReader reader(const Field& field) const;

  // What of one struct can be named. Groups are part of their struct.
  struct Slot {
    std::vector<Discriminant> when;
    // Of numbers in units of their size, as in the schema; else the pointer's number.
    std::uint32_t offset = 0;
    std::uint32_t lists = 0;  // how many are around it
    ValueType type = ValueType::presence;
    bool has_pointer = false;  // of a presence: of a struct rather than of a member
    std::uint64_t default_bits = 0;
    unsigned field = 0;             // in fields()
    std::optional<unsigned> below;  // the node of the struct behind it
  };
  struct Node {
    std::vector<Slot> slots;
    // The node and slot that lead here first; the root has none.
    std::optional<unsigned> above;
    unsigned above_slot = 0;
    // A struct inside itself leads here again.
    bool is_entered_again = false;
  };

 private:
  friend class FieldMapCompiler;

  std::vector<Field> fields_;
  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, unsigned> by_id_;
  std::map<std::string, unsigned, std::less<>> by_name_;
  std::map<std::uint64_t, std::vector<std::string>> enums_;
};

}  // namespace coppice
