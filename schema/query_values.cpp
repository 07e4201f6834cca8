#include "schema/query_values.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "schema/query_text.h"

namespace coppice {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t i = 0; i <= b.size(); ++i) row[i] = i;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      const std::size_t above = row[k];
      row[k] = std::min({above + 1, row[k - 1] + 1, diagonal + (a[i - 1] != b[k - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string listed(const std::vector<std::string>& names, const std::string& last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " " + last + " " : ", ";
    text += "'" + names[i] + "'";
  }
  return text;
}

class Reading {
 public:
  Reading(const QueryToken& token, std::string_view written, std::size_t column,
          const FieldMap& fields, const FieldMap::Field& field, const Catalogue& catalogue)
      : token_(token),
        written_(written),
        column_(column),
        fields_(fields),
        field_(field),
        catalogue_(catalogue) {}

  OwnedValue value() const {
    using Kind = QueryToken::Kind;
    switch (field_.type) {
      case ValueType::boolean:
        return truth();
      case ValueType::text:
        if (token_.kind != Kind::text) expected();
        return OwnedValue(FieldValue(std::string_view(token_.text)));
      case ValueType::data:
        if (token_.kind != Kind::data) expected();
        return OwnedValue(FieldValue(std::string_view(token_.text)));
      case ValueType::enumeration:
        return enumerant();
      case ValueType::reference:
        return key();
      case ValueType::float32:
        return real<float>();
      case ValueType::float64:
        return real<double>();
      default:
        return integer();
    }
  }

 private:
  [[noreturn]] void fail(std::string message) const { throw QueryMistake{column_, message}; }
  [[noreturn]] void expected() const {
    const bool ended = token_.kind == QueryToken::Kind::end;
    fail("expected " + describe(field_.type) + " for field '" + field_.name + "', and found " +
         (ended ? std::string("the end") : std::string(written_)) + ".");
  }

  OwnedValue truth() const {
    if (!token_.is_word("true") && !token_.is_word("false")) expected();
    return OwnedValue(FieldValue(token_.text == "true"));
  }

  OwnedValue enumerant() const {
    const auto& names = fields_.enumerants(field_.type_id);
    if (token_.kind != QueryToken::Kind::word && token_.kind != QueryToken::Kind::name) expected();
    const auto found = std::find(names.begin(), names.end(), token_.text);
    if (found == names.end()) {
      fail("'" + token_.text + "' is no value of field '" + field_.name + "'." +
           near_names(token_.text, names));
    }
    return OwnedValue(FieldValue::of_ordered(static_cast<std::uint64_t>(found - names.begin())));
  }

  // "parts:4711.2", or within the tree that is referred to "4711.2".
  OwnedValue key() const {
    if (token_.kind == QueryToken::Kind::number) {
      if (const auto word = parse_key_word(token_.text)) return OwnedValue(FieldValue(*word));
    }
    const auto parsed = parse_key(token_.text);
    if (token_.kind != QueryToken::Kind::key || !parsed) expected();
    const auto target = catalogue_.find(TreeId{field_.type_id});
    if (target && target->name() != parsed->tree) {
      fail("field '" + field_.name + "' refers to " + target->name() + ", and " + token_.text +
           " is none of them.");
    }
    return OwnedValue(FieldValue(parsed->word));
  }

  template <typename T>
  T whole() const {
    std::string_view text = token_.text;
    if (text.starts_with('+')) text.remove_prefix(1);
    T number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    // A minus before what has no sign is a number all the same, and out of range.
    const bool is_negative = std::is_unsigned_v<T> && text.starts_with('-') && text.size() > 1;
    if (problem == std::errc::result_out_of_range || is_negative) out_of_range();
    if (problem != std::errc() || end != text.data() + text.size()) expected();
    return number;
  }
  [[noreturn]] void out_of_range() const {
    fail(token_.text + " is out of the range of field '" + field_.name + "', which is " +
         describe(field_.type) + ".");
  }
  template <typename T>
  OwnedValue integer_of() const {
    if (token_.kind != QueryToken::Kind::number) expected();
    return OwnedValue(FieldValue(whole<T>()));
  }
  OwnedValue integer() const {
    switch (field_.type) {
      case ValueType::int8:
        return integer_of<std::int8_t>();
      case ValueType::int16:
        return integer_of<std::int16_t>();
      case ValueType::int32:
        return integer_of<std::int32_t>();
      case ValueType::int64:
        return integer_of<std::int64_t>();
      case ValueType::uint8:
        return integer_of<std::uint8_t>();
      case ValueType::uint16:
        return integer_of<std::uint16_t>();
      case ValueType::uint32:
        return integer_of<std::uint32_t>();
      default:
        return integer_of<std::uint64_t>();
    }
  }

  // "inf" and "nan" are words.
  template <typename T>
  OwnedValue real() const {
    std::string_view text = token_.text;
    const bool is_word = token_.is_word("inf") || token_.is_word("nan");
    if (token_.kind != QueryToken::Kind::number && !is_word) expected();
    if (text.starts_with('+')) text.remove_prefix(1);
    T number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc::result_out_of_range) out_of_range();
    if (problem != std::errc() || end != text.data() + text.size()) expected();
    return OwnedValue(FieldValue(static_cast<double>(number)));
  }

  const QueryToken& token_;
  const std::string_view written_;
  const std::size_t column_;
  const FieldMap& fields_;
  const FieldMap::Field& field_;
  const Catalogue& catalogue_;
};

template <typename T>
std::string range_of() {
  return "from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
         std::to_string(std::numeric_limits<T>::max());
}

}  // namespace

OwnedValue query_value(const QueryToken& token, std::string_view written, std::size_t column,
                       const FieldMap& fields, const FieldMap::Field& field,
                       const Catalogue& catalogue) {
  return Reading(token, written, column, fields, field, catalogue).value();
}

std::string describe(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "true or false";
    case ValueType::int8:
      return "a whole number " + range_of<std::int8_t>();
    case ValueType::int16:
      return "a whole number " + range_of<std::int16_t>();
    case ValueType::int32:
      return "a whole number " + range_of<std::int32_t>();
    case ValueType::int64:
      return "a whole number of 64 bits";
    case ValueType::uint8:
      return "a whole number " + range_of<std::uint8_t>();
    case ValueType::uint16:
      return "a whole number " + range_of<std::uint16_t>();
    case ValueType::uint32:
      return "a whole number " + range_of<std::uint32_t>();
    case ValueType::uint64:
      return "a whole number of 64 bits, not negative";
    case ValueType::float32:
    case ValueType::float64:
      return "a number";
    case ValueType::enumeration:
      return "one of its names";
    case ValueType::text:
      return "a text in quotes";
    case ValueType::data:
      return "data as x\"00ff\"";
    case ValueType::reference:
      return "a key as parts:4711 or parts:4711.2";
    case ValueType::presence:
      break;
  }
  return "\"is set\" or \"is not set\"";
}

std::string near_names(std::string_view name, const std::vector<std::string>& names) {
  constexpr std::size_t kListedMax = 6;
  std::vector<std::string> near;
  for (const std::string& other : names) {
    const bool is_near = other.starts_with(name) || other.ends_with("." + std::string(name)) ||
                         distance(name, other) <= 1 + name.size() / 4;
    if (is_near && near.size() < kListedMax) near.push_back(other);
  }
  if (!near.empty()) return " Did you mean " + listed(near, "or") + "?";
  if (names.empty() || names.size() > 4 * kListedMax) return "";
  return " There are " + listed(names, "and") + ".";
}

}  // namespace coppice
