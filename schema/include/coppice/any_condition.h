#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "coppice/field.h"
#include "coppice/key.h"

namespace coppice {

// A schema as a program knows it: a protocol::TreeSchema. For where the catalogue does not have the
// tree or the field yet. Null: the catalogue has it.
using SchemaFunction = std::span<const std::uint64_t> (*)();

// A FieldValue that owns its bytes, so that it stays.
class OwnedValue {
 public:
  OwnedValue() = default;
  explicit OwnedValue(const FieldValue& value)
      : is_number_(value.is_number()), number_(value.number()), bytes_(value.bytes()) {}

  bool is_number() const { return is_number_; }
  std::uint64_t number() const { return number_; }
  const std::string& bytes() const { return bytes_; }
  // A view of this.
  FieldValue view() const {
    return is_number_ ? FieldValue::of_ordered(number_) : FieldValue(std::string_view(bytes_));
  }

  // The order of an index. REQUIRES: both are values of one field.
  bool operator==(const OwnedValue&) const = default;
  std::strong_ordering operator<=>(const OwnedValue& other) const {
    if (is_number_) return number_ <=> other.number_;
    return bytes_.compare(other.bytes_) <=> 0;
  }

 private:
  bool is_number_ = true;
  std::uint64_t number_ = 0;
  std::string bytes_;
};

// What is asked of a value. Of a field with several values, one that fulfils it is enough; of a
// field without a value nothing is true.
enum class Test : std::uint8_t {
  equal,  // of a reference: to this very revision or floating to its record; to a floating key:
          // to any of its revisions
  less,
  at_most,
  greater,
  at_least,
  between,      // from the first value to the second, both included
  one_of,       // equal to one of the values
  contains,     // a text has this in it, whatever the case and accents
  starts_with,  // text and data, byte by byte
  matches,      // a text has all words of this, or words that begin with them, as a search finds
  set,          // there is a value
};

// A condition on a record's fields: a tree of values, immutable and cheap to copy. Owns what it
// compares with.
//
// Made by Condition<T> (coppice/condition.h) or from a text; made by hand, it is judged when it is
// used: what does not fit the schema is refused then.
class AnyCondition {
 public:
  enum class Kind : std::uint8_t {
    all,      // of the parts; of none: every record
    any,      // of the parts; of none: no record
    none,     // its only part is not true
    test,     // a field's value
    through,  // a record that the reference leads to fulfils the only part
  };

  // Every record.
  AnyCondition();

  static AnyCondition all(std::vector<AnyCondition> parts);
  static AnyCondition any(std::vector<AnyCondition> parts);
  static AnyCondition none(AnyCondition part);
  static AnyCondition test(FieldId field, Test test, std::vector<OwnedValue> values);
  // `schema`: that of `target`.
  static AnyCondition through(FieldId reference, TreeId target, AnyCondition part,
                              SchemaFunction schema = nullptr);

  Kind kind() const { return node_->kind; }
  const std::vector<AnyCondition>& parts() const { return node_->parts; }
  // Of a test and of `through`.
  FieldId field() const { return node_->field; }
  // Of a test.
  Test test() const { return node_->test; }
  const std::vector<OwnedValue>& values() const { return node_->values; }
  // Of `through`.
  TreeId target() const { return node_->target; }
  SchemaFunction schema() const { return node_->schema; }

  // Whether it is true of every record, whatever is in it.
  bool is_everything() const { return kind() == Kind::all && parts().empty(); }
  // Whether they are written alike.
  bool operator==(const AnyCondition& other) const;

 private:
  struct Node {
    Kind kind = Kind::all;
    std::vector<AnyCondition> parts = {};
    FieldId field = {};
    Test test = Test::set;
    std::vector<OwnedValue> values = {};
    TreeId target = {};
    SchemaFunction schema = nullptr;
  };
  explicit AnyCondition(Node node);
  // `kind` of the parts, those of the same kind taken apart.
  static AnyCondition joined(Kind kind, std::vector<AnyCondition> parts);

  std::shared_ptr<const Node> node_;
};

}  // namespace coppice
