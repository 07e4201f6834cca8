#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coppice/any_condition.h"
#include "schema/field_map.h"

namespace coppice {

// Values from one to another, both included; without one of them, from the first or to the last.
struct ValueSpan {
  std::optional<OwnedValue> from;
  std::optional<OwnedValue> to;
};
// What lies in one of both lists of spans, and in one of the other.
std::vector<ValueSpan> common(const std::vector<ValueSpan>& a, const std::vector<ValueSpan>& b);

// A test of a field's values, ready to be put to many of them.
//
// Immutable, shared by threads.
class ValueTest {
 public:
  // Errors: bad_request, where the test does not go with the field's type or with so many values.
  static Result<ValueTest> compile(const FieldMap::Field& field, Test test,
                                   const std::vector<OwnedValue>& values);

  // REQUIRES: a value of that field.
  bool operator()(const FieldValue& value) const {
    return value.is_number() ? number(value.number()) : bytes(value.bytes());
  }

  // Where in the order of values those lie that pass: these, or some of these where a text is cut
  // off or an end not included. Nothing: the order says nothing about it.
  std::optional<std::vector<ValueSpan>> spans() const;
  // The same for those that do not pass, of a number.
  std::optional<std::vector<ValueSpan>> contrary_spans() const;
  // No value passes that does not lie in the spans, and none lies there that does not pass.
  bool is_its_spans() const;

 private:
  enum class Kind { always, numbers, equal, range, one_of, contains, starts_with, matches };

  bool number(std::uint64_t value) const;
  bool bytes(std::string_view value) const;
  bool in_bytes_range(std::string_view value) const;
  bool contains(std::string_view value) const;
  bool matches(std::string_view value) const;
  void take_numbers(const FieldMap::Field& field, Test test, const std::vector<OwnedValue>& values);
  void take_keys(const std::vector<OwnedValue>& values);
  void take_bytes(Test test, const std::vector<OwnedValue>& values);

  Kind kind_ = Kind::always;
  // Both included, in ascending order, not overlapping.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges_;
  // What is compared with; folded where the test folds; of one_of in ascending order. Of a range
  // its ends.
  std::vector<std::string> texts_;
  bool has_from_ = false;
  bool has_to_ = false;
  bool includes_ends_ = true;
};

// Whether a test can be put to values of a type.
bool goes_with(Test test, ValueType type);

// Whether a text has all these words, or words that begin with them. For words in the order of
// folded_words().
bool has_words(std::string_view text, const std::vector<std::string>& words);
// The words of what somebody looks for, folded, each once.
std::vector<std::string> folded_words(std::string_view text);

}  // namespace coppice
