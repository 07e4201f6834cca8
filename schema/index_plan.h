#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <capnp/schema.h>

#include "coppice/error.h"
#include "coppice/field.h"
#include "coppice/key.h"

namespace coppice {

// The type of a field's values, or of the elements of a list.
enum class ValueType : std::uint8_t {
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  enumeration,
  text,
  data,
  reference,
  // Of what has no value but that it is there: a struct, a member of a union. Never indexed.
  presence,
};
constexpr bool is_bytes(ValueType type) {
  return type == ValueType::text || type == ValueType::data;
}

// Gets the values that IndexPlan::extract finds in a body. What it is not interested in goes by.
class IndexSink {
 public:
  virtual ~IndexSink() = default;
  // A value of indexes()[index], in its order (coppice/field.h). Bytes are never empty.
  virtual void number(unsigned, std::uint64_t) {}
  virtual void bytes(unsigned, std::string_view) {}
  // A text that is searched.
  virtual void text(std::string_view) {}
  // A reference, annotated or not, to anything but nothing.
  virtual void reference(AnyKey) {}
  // The same with the place of its key word in the body. What overrides it gets no reference().
  virtual void reference_at(AnyKey key, const std::byte*) { reference(key); }
};

// What is indexed of one tree, compiled from the annotations of its schema, and where in a body it
// lies.
//
// A field is named by the way to it, "number" or "bom.part". A struct that occurs in two places is
// two fields; inside itself it is one: "bom.part" has the parts of all lines of lines too.
//
// Immutable, shared by threads. REQUIRES of bodies: trusted (BodyShape).
class IndexPlan {
 public:
  // Stored: never renumber.
  enum class Kind : std::uint8_t {
    ordered = 1,     // one field: its values
    unique = 2,      // the same, and a value is one record's
    search = 3,      // all searched fields together: their words
    references = 4,  // all references together
  };
  struct Index {
    Kind kind;
    FieldId field;     // of search and references: of all their fields together
    std::string name;  // of search and references: empty
    ValueType type = ValueType::text;
    // The number that counts as unset.
    std::uint64_t unset = 0;
    // The enum, or the tree referred to.
    std::uint64_t type_id = 0;
  };

  // More than this would be a mistake: each costs something with every write.
  static constexpr std::size_t kIndexesMax = 256;

  IndexPlan();
  ~IndexPlan();
  IndexPlan(IndexPlan&&) noexcept;
  IndexPlan& operator=(IndexPlan&&) noexcept;

  // Errors: incompatible_schema, for an annotation where it cannot be and for too many indexes.
  // Throws kj::Exception if the schema is damaged. REQUIRES: BodyShape accepts the schema.
  static Result<IndexPlan> compile(capnp::StructSchema root);

  const std::vector<Index>& indexes() const { return indexes_; }
  // The place in indexes() of the ordered or unique index of a field.
  std::optional<unsigned> find(FieldId field) const;
  std::optional<unsigned> find(std::string_view name) const;
  std::optional<unsigned> find(Kind kind) const;

  // Calls `sink` for each value in a body; for one that is there several times as often.
  void extract(std::span<const std::uint64_t> body, IndexSink& sink) const;

  struct Node;

 private:
  std::vector<Index> indexes_;
  std::vector<std::unique_ptr<Node>> nodes_;
  const Node* root_ = nullptr;  // null: there is nothing to extract
};

// A value for people: 'R-0603', 4711, 4711.2.
std::string describe(ValueType type, const FieldValue& value);

// Why the field cannot have the index annotations that it has, as the end of a sentence that begins
// with the field; nothing if it can, or has none.
std::optional<std::string> index_objection(capnp::StructSchema::Field field);

}  // namespace coppice
