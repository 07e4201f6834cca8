#include "schema/query_text.h"

#include <charconv>
#include <cmath>

#include "schema/query_words.h"

namespace coppice {
namespace {

constexpr const char* kHex = "0123456789abcdef";

std::string quoted(std::string_view text) {
  std::string written = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      written += {'\\', c};
    } else if (c == '\n' || c == '\t' || c == '\r') {
      written += {'\\', c == '\n' ? 'n' : c == '\t' ? 't' : 'r'};
    } else if (byte < 0x20 || byte == 0x7f) {
      written += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      written += c;
    }
  }
  return written + "\"";
}

std::string hex(std::string_view data) {
  std::string written = "x\"";
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    written += {kHex[byte >> 4], kHex[byte & 15]};
  }
  return written + "\"";
}

template <typename T>
std::string real(T number) {
  if (std::isnan(number)) return "nan";
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return {text, end};
}

std::string operator_text(Test test) {
  switch (test) {
    case Test::equal:
      return " = ";
    case Test::less:
      return " < ";
    case Test::at_most:
      return " <= ";
    case Test::greater:
      return " > ";
    case Test::at_least:
      return " >= ";
    case Test::contains:
      return " contains ";
    case Test::starts_with:
      return " starts with ";
    case Test::matches:
      return " matches ";
    default:
      return " ";
  }
}

// "bom.part", where a part that is a word of the language gets backticks.
std::string name_text(const std::string& name) {
  std::string written;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    written += (begin > 0 ? "." : "") + (is_query_word(part) ? "`" + part + "`" : part);
    begin = end + 1;
  }
  return written;
}

// Writes the condition on one tree.
class Writer {
 public:
  Writer(TreeId tree, SchemaFunction schema, QueryTrees& trees)
      : tree_(tree), schema_(schema), trees_(trees) {}

  std::string write(const AnyCondition& condition) const {
    switch (condition.kind()) {
      case AnyCondition::Kind::all:
        return condition.parts().empty() ? "true" : joined(condition, " and ");
      case AnyCondition::Kind::any:
        return condition.parts().empty() ? "false" : joined(condition, " or ");
      case AnyCondition::Kind::none:
        return contrary(condition.parts().front());
      case AnyCondition::Kind::test:
        return test(condition, "");
      case AnyCondition::Kind::through:
        return through(condition, "");
    }
    return {};
  }

 private:
  Writer inside(const AnyCondition& through) const {
    return {through.target(), through.schema(), trees_};
  }

  // In brackets where the words around it would take it apart.
  std::string joined(const AnyCondition& condition, const std::string& word) const {
    std::string written;
    for (const AnyCondition& part : condition.parts()) {
      const bool has_parts = part.kind() <= AnyCondition::Kind::any && !part.parts().empty();
      const bool brackets = has_parts && !(condition.kind() == AnyCondition::Kind::any &&
                                           part.kind() == AnyCondition::Kind::all);
      written += (written.empty() ? "" : word) + (brackets ? "(" + write(part) + ")" : write(part));
    }
    return written;
  }

  std::string contrary(const AnyCondition& part) const {
    if (has_own_contrary(part)) return led(part, " not");
    const bool brackets = part.kind() <= AnyCondition::Kind::any && !part.parts().empty();
    return "not " + (brackets ? "(" + write(part) + ")" : write(part));
  }
  // "!=", "not in", "is not set".
  static bool has_own_contrary(const AnyCondition& part) {
    if (part.kind() == AnyCondition::Kind::through) return has_own_contrary(part.parts().front());
    return part.kind() == AnyCondition::Kind::test &&
           (part.test() == Test::equal || part.test() == Test::one_of || part.test() == Test::set);
  }

  std::string led(const AnyCondition& part, const std::string& negation) const {
    return part.kind() == AnyCondition::Kind::test ? test(part, negation) : through(part, negation);
  }

  std::string through(const AnyCondition& condition, const std::string& negation) const {
    const AnyCondition& part = condition.parts().front();
    const std::string name = name_of(condition.field()) + ".";
    if (part.kind() == AnyCondition::Kind::test || part.kind() == AnyCondition::Kind::through)
      return name + inside(condition).led(part, negation);
    return name + "(" + inside(condition).write(part) + ")";
  }

  std::string test(const AnyCondition& condition, const std::string& negation) const {
    const std::string name = name_of(condition.field());
    const auto& values = condition.values();
    const auto value = [&](std::size_t i) {
      return i < values.size() ? value_of(condition.field(), values[i]) : "?";
    };
    switch (condition.test()) {
      case Test::set:
        return name + " is" + negation + " set";
      case Test::between:
        return name + " between " + value(0) + " and " + value(1);
      case Test::one_of: {
        std::string list;
        for (std::size_t i = 0; i < values.size(); ++i) list += (i > 0 ? ", " : "") + value(i);
        return name + negation + " in (" + list + ")";
      }
      case Test::equal:
        return name + (negation.empty() ? " = " : " != ") + value(0);
      default:
        return name + operator_text(condition.test()) + value(0);
    }
  }

  std::string name_of(FieldId field) const {
    const auto found = trees_.field(tree_, field, schema_);
    return found ? name_text(found->field->name) : "?";
  }
  std::string value_of(FieldId field, const OwnedValue& value) const {
    const auto found = trees_.field(tree_, field, schema_);
    if (!found) return "?";
    return value_text(found->tree->fields(), *found->field, value, trees_.catalogue());
  }

  const TreeId tree_;
  const SchemaFunction schema_;
  QueryTrees& trees_;
};

}  // namespace

std::string value_text(const FieldMap& fields, const FieldMap::Field& field,
                       const OwnedValue& value, const Catalogue& catalogue) {
  switch (field.type) {
    case ValueType::boolean:
      return value.number() ? "true" : "false";
    case ValueType::text:
      return quoted(value.bytes());
    case ValueType::data:
      return hex(value.bytes());
    case ValueType::float32:
      return real(static_cast<float>(FieldValue::to_real(value.number())));
    case ValueType::float64:
      return real(FieldValue::to_real(value.number()));
    case ValueType::enumeration: {
      const auto& names = fields.enumerants(field.type_id);
      return value.number() < names.size() ? names[value.number()]
                                           : "@" + std::to_string(value.number());
    }
    case ValueType::reference: {
      const KeyWord key(value.number());
      const auto target = catalogue.find(TreeId{field.type_id});
      return target ? format_key(target->name(), key) : to_string(key);
    }
    default:
      return describe(field.type, value.view());
  }
}

std::string to_text(const AnyCondition& condition, TreeId tree, SchemaFunction schema,
                    QueryTrees& trees) {
  return Writer(tree, schema, trees).write(condition);
}

std::string to_text(const std::vector<Hop>& hops, FieldId field, TreeId tree, SchemaFunction schema,
                    QueryTrees& trees) {
  std::string written;
  for (const Hop& hop : hops) {
    const auto found = trees.field(tree, hop.reference, schema);
    written += (found ? name_text(found->field->name) : "?") + ".";
    tree = hop.target;
    schema = hop.schema;
  }
  const auto found = trees.field(tree, field, schema);
  return written + (found ? name_text(found->field->name) : "?");
}

std::string to_text(const AnyQuery& query, QueryTrees& trees) {
  std::string written;
  const auto add = [&](const std::string& text) { written += (written.empty() ? "" : " ") + text; };
  if (!query.where.is_everything()) add(to_text(query.where, query.tree, query.schema, trees));
  if (query.revisions == Revisions::released) add("released");
  if (query.revisions == Revisions::all) add("all revisions");
  for (std::size_t i = 0; i < query.order.size(); ++i) {
    const Order& order = query.order[i];
    if (i == 0) add("order by");
    add(to_text(order.hops, order.field, query.tree, query.schema, trees) +
        (order.direction == Direction::descending ? " desc" : "") +
        (i + 1 < query.order.size() ? "," : ""));
  }
  if (query.limit) add("limit " + std::to_string(*query.limit));
  return written;
}

}  // namespace coppice
