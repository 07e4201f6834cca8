// From a query's text to the query. A mistake is thrown as QueryMistake to parse_query(), which
// makes an Error of it.
#include <algorithm>
#include <charconv>
#include <set>

#include "schema/query_lexer.h"
#include "schema/query_text.h"
#include "schema/query_values.h"
#include "schema/query_words.h"
#include "schema/value_test.h"

namespace coppice {
namespace {

// Where the name of a field leads.
struct Place {
  std::vector<Hop> hops;
  TreeInfoPtr tree;  // of the field
  const FieldMap::Field* field = nullptr;
  bool opens = false;  // "maker.(": a condition on what it refers to follows
};

struct Operator {
  Test test = Test::set;
  bool is_contrary = false;
  std::size_t begin = 0;
  std::string name;  // as people know it
};

class Parser {
 public:
  Parser(std::string_view text, const TreeInfoPtr& tree, const Catalogue& catalogue)
      : lexer_(text), catalogue_(catalogue), tree_(tree) {
    advance();
  }

  AnyQuery query() {
    AnyQuery query{.tree = tree_->id()};
    if (token_.kind != QueryToken::Kind::end && !begins_clause()) query.where = either();
    while (token_.kind != QueryToken::Kind::end) clause(query);
    return query;
  }

 private:
  static constexpr int kDepthMax = 100;

  void advance() { token_ = lexer_.next(); }
  bool skip(std::string_view symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }
  bool skip_word(std::string_view word) {
    if (!token_.is_word(word)) return false;
    advance();
    return true;
  }
  [[noreturn]] void fail(std::size_t byte, std::string message) const {
    throw QueryMistake{lexer_.column(byte), std::move(message)};
  }
  [[noreturn]] void expected(const std::string& what) const {
    const bool ended = token_.kind == QueryToken::Kind::end;
    fail(token_.begin, "expected " + what + ", and found " +
                           (ended ? "the end" : "'" + std::string(lexer_.written(token_)) + "'") +
                           ".");
  }
  void expect(const std::string& symbol) {
    if (!skip(symbol)) expected("'" + symbol + "'");
  }

  // ---- What follows the condition

  bool begins_clause() const {
    return token_.is_word("order") || token_.is_word("limit") || token_.is_word("released") ||
           token_.is_word("newest") || token_.is_word("all");
  }

  void clause(AnyQuery& query) {
    const QueryToken word = token_;
    if (!begins_clause()) expected("'and', 'or', 'order by', 'limit', 'released' or the end");
    advance();
    const bool is_revisions = word.text != "order" && word.text != "limit";
    if (!seen_.insert(is_revisions ? "revisions" : word.text).second)
      fail(word.begin, "'" + word.text + "' says again, or otherwise, what was said before.");
    if (word.text == "order") return order(query);
    if (word.text == "limit") return limit(query);
    if (word.text == "released") query.revisions = Revisions::released;
    if (word.text == "all") {
      query.revisions = Revisions::all;
      if (!skip_word("revisions")) expected("'revisions'");
    }
  }

  void order(AnyQuery& query) {
    if (!skip_word("by")) expected("'by'");
    do {
      const std::size_t begin = token_.begin;
      Place place = field(tree_);
      if (place.opens) fail(begin, "a condition is no field to put records in order by.");
      Order order{std::move(place.hops), place.field->id};
      if (skip_word("desc")) {
        order.direction = Direction::descending;
      } else {
        skip_word("asc");
      }
      query.order.push_back(std::move(order));
    } while (skip(","));
  }

  void limit(AnyQuery& query) {
    std::size_t count = 0;
    const char* begin = token_.text.data();
    const auto [end, problem] = std::from_chars(begin, begin + token_.text.size(), count);
    const bool is_count = token_.kind == QueryToken::Kind::number && problem == std::errc() &&
                          end == begin + token_.text.size();
    if (!is_count) expected("how many");
    advance();
    query.limit = count;
  }

  // ---- Conditions. tree_ is the tree that they are about.

  AnyCondition either() {
    std::vector<AnyCondition> parts = {both()};
    while (skip_word("or")) parts.push_back(both());
    return AnyCondition::any(std::move(parts));
  }

  AnyCondition both() {
    std::vector<AnyCondition> parts = {one()};
    while (skip_word("and")) parts.push_back(one());
    return AnyCondition::all(std::move(parts));
  }

  AnyCondition one() {
    if (++depth_ > kDepthMax) fail(token_.begin, "this is nested too deep.");
    AnyCondition condition = one_of_them();
    --depth_;
    return condition;
  }

  AnyCondition one_of_them() {
    if (skip_word("not")) return AnyCondition::none(one());
    if (skip_word("true")) return AnyCondition();
    if (skip_word("false")) return AnyCondition::any({});
    if (skip("(")) {
      AnyCondition inside = either();
      expect(")");
      return inside;
    }
    return test();
  }

  AnyCondition test() {
    const std::size_t begin = token_.begin;
    const Place place = field(tree_);
    if (place.opens) return led_to(place, through(place, begin));
    const bool is_bare = place.field->type == ValueType::boolean && !begins_operator();
    if (is_bare)
      return led_to(
          place, AnyCondition::test(place.field->id, Test::equal, {OwnedValue(FieldValue(true))}));
    const Operator asked = operation(*place.field);
    check(asked, *place.field);
    AnyCondition condition =
        led_to(place, AnyCondition::test(place.field->id, asked.test, values(asked, place)));
    return asked.is_contrary ? AnyCondition::none(std::move(condition)) : condition;
  }

  static AnyCondition led_to(const Place& place, AnyCondition condition) {
    for (auto hop = place.hops.rbegin(); hop != place.hops.rend(); ++hop)
      condition = AnyCondition::through(hop->reference, hop->target, std::move(condition));
    return condition;
  }

  // "maker.(" was read: the condition is about the tree that is referred to.
  AnyCondition through(const Place& place, std::size_t begin) {
    const TreeInfoPtr outside = tree_;
    tree_ = target(*place.field, begin);
    AnyCondition inside = either();
    expect(")");
    const TreeId id = tree_->id();
    tree_ = outside;
    return AnyCondition::through(place.field->id, id, std::move(inside));
  }

  bool begins_operator() const {
    static constexpr std::string_view kSymbols[] = {"=", "!=", "<", "<=", ">", ">="};
    static constexpr std::string_view kWords[] = {"between", "in",      "contains",
                                                  "starts",  "matches", "is"};
    const auto is_it = [&](std::string_view text) { return token_.text == text; };
    if (token_.kind == QueryToken::Kind::symbol)
      return std::any_of(std::begin(kSymbols), std::end(kSymbols), is_it);
    return token_.is_word("not") || (token_.kind == QueryToken::Kind::word &&
                                     std::any_of(std::begin(kWords), std::end(kWords), is_it));
  }

  Operator operation(const FieldMap::Field& field) {
    struct Symbol {
      const char* text;
      Test test;
      bool is_contrary;
    };
    static constexpr Symbol kSymbols[] = {
        {"=", Test::equal, false},    {"!=", Test::equal, true},   {"<", Test::less, false},
        {"<=", Test::at_most, false}, {">", Test::greater, false}, {">=", Test::at_least, false}};
    const std::size_t begin = token_.begin;
    for (const Symbol& symbol : kSymbols) {
      if (skip(symbol.text)) return {symbol.test, symbol.is_contrary, begin, symbol.text};
    }
    if (skip_word("is")) {
      const bool is_contrary = skip_word("not");
      if (!skip_word("set")) expected("'set'");
      return {Test::set, is_contrary, begin, "is set"};
    }
    const bool is_contrary = skip_word("not");
    if (skip_word("in")) return {Test::one_of, is_contrary, begin, "in"};
    if (skip_word("between")) return {Test::between, is_contrary, begin, "between"};
    if (skip_word("contains")) return {Test::contains, is_contrary, begin, "contains"};
    if (skip_word("matches")) return {Test::matches, is_contrary, begin, "matches"};
    if (skip_word("starts")) {
      if (!skip_word("with")) expected("'with'");
      return {Test::starts_with, is_contrary, begin, "starts with"};
    }
    expected("what is asked of field '" + field.name +
             "': =, !=, <, <=, >, >=, between, in, contains, starts with, matches, is set");
  }

  void check(const Operator& asked, const FieldMap::Field& field) const {
    if (goes_with(asked.test, field.type)) return;
    std::string hint;
    if (field.type == ValueType::reference)
      hint = " Ask for a field of what it refers to: '" + field.name + ".name'.";
    if (field.type == ValueType::presence) hint = " Ask for a field inside it.";
    fail(asked.begin, "'" + asked.name + "' cannot be asked of field '" + field.name +
                          "', whose values are " + describe(field.type) + "." + hint);
  }

  std::vector<OwnedValue> values(const Operator& asked, const Place& place) {
    std::vector<OwnedValue> values;
    if (asked.test == Test::set) return values;
    if (asked.test == Test::one_of) {
      expect("(");
      if (skip(")")) return values;
      do values.push_back(value(place));
      while (skip(","));
      expect(")");
      return values;
    }
    values.push_back(value(place));
    if (asked.test == Test::between) {
      if (!skip_word("and")) expected("'and' and the other end");
      values.push_back(value(place));
    }
    return values;
  }

  OwnedValue value(const Place& place) {
    // An enumerant that has no name here.
    const bool is_numbered = place.field->type == ValueType::enumeration && token_.is("@");
    if (is_numbered) {
      advance();
      std::uint16_t number = 0;
      const char* begin = token_.text.data();
      const auto [end, problem] = std::from_chars(begin, begin + token_.text.size(), number);
      if (token_.kind != QueryToken::Kind::number || problem != std::errc() ||
          end != begin + token_.text.size())
        expected("a number below 65536");
      advance();
      return OwnedValue(FieldValue(number));
    }
    OwnedValue value = query_value(token_, lexer_.written(token_), lexer_.column(token_.begin),
                                   place.tree->fields(), *place.field, catalogue_);
    advance();
    return value;
  }

  // ---- Names

  // "price", "bom.part", "maker.country", and "maker.(".
  Place field(TreeInfoPtr tree) {
    Place place{{}, tree};
    std::string name;
    const std::size_t begin = token_.begin;
    for (bool is_first = true;; is_first = false) {
      name += (name.empty() ? "" : ".") + part_of_name(is_first);
      const auto* found = tree->fields().find(name);
      if (!skip(".")) {
        if (!found) unknown(*tree, name, begin);
        place.tree = tree;
        place.field = found;
        return place;
      }
      const bool is_reference = found && found->type == ValueType::reference;
      if (is_reference && skip("(")) {
        place.tree = tree;
        place.field = found;
        place.opens = true;
        return place;
      }
      if (!is_reference) continue;
      tree = target(*found, begin);
      place.hops.push_back({found->id, tree->id()});
      name.clear();
    }
  }

  std::string part_of_name(bool is_first) {
    const bool is_reserved =
        token_.kind == QueryToken::Kind::word && is_first && is_query_word(token_.text);
    // As the language uses most of its words behind a field, these can be fields without harm.
    if (is_reserved && !tree_->fields().find(token_.text)) expected("a field");
    if (is_reserved) {
      fail(token_.begin, "'" + token_.text + "' is a word of queries. To mean the field, write `" +
                             token_.text + "`.");
    }
    if (token_.kind != QueryToken::Kind::word && token_.kind != QueryToken::Kind::name)
      expected(is_first ? "a field, 'not' or '('" : "a field's name after '.'");
    std::string part = token_.text;
    advance();
    return part;
  }

  TreeInfoPtr target(const FieldMap::Field& field, std::size_t begin) const {
    if (auto tree = catalogue_.find(TreeId{field.type_id})) return tree;
    fail(begin, "field '" + field.name + "' refers to a tree that is not here.");
  }

  [[noreturn]] void unknown(const TreeInfo& tree, const std::string& name,
                            std::size_t begin) const {
    std::vector<std::string> names;
    for (const auto& field : tree.fields().fields()) names.push_back(field.name);
    fail(begin,
         "tree '" + tree.name() + "' has no field '" + name + "'." + near_names(name, names));
  }

  QueryLexer lexer_;
  const Catalogue& catalogue_;
  TreeInfoPtr tree_;
  QueryToken token_;
  std::set<std::string> seen_;  // clauses
  int depth_ = 0;
};

}  // namespace

Result<AnyQuery> parse_query(std::string_view text, TreeId tree, const Catalogue& catalogue) {
  const auto info = catalogue.find(tree);
  if (!info) return unknown_tree();
  try {
    return Parser(text, info, catalogue).query();
  } catch (const QueryMistake& mistake) {
    Error refusal = error(Errc::bad_request,
                          "Column " + std::to_string(mistake.column) + ": " + mistake.message);
    refusal.actual = mistake.column;
    return refusal;
  }
}

}  // namespace coppice
