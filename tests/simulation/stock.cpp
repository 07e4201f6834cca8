#include "tests/simulation/stock.h"

#include <charconv>

#include "tests/simulation/violation.h"

namespace coppice::simulation {
namespace {

template <typename T>
std::string stored_trail(std::span<const std::uint64_t> body) {
  return trail_of(
      capnp::readMessageUnchecked<T>(reinterpret_cast<const capnp::word*>(body.data())));
}

Mark parse_mark(std::string_view text) {
  Mark mark;
  require(text.size() >= 2, [&] { return "a trail holds '" + std::string(text) + "'"; });
  mark.kind = static_cast<Mark::Kind>(text.front());
  const auto result = std::from_chars(text.data() + 1, text.data() + text.size(), mark.number);
  require(result.ec == std::errc() && result.ptr == text.data() + text.size(),
          [&] { return "a trail holds '" + std::string(text) + "'"; });
  return mark;
}

}  // namespace

std::string to_string(const Name& name) {
  const char* tree = name.tree == Tree::part      ? "part"
                     : name.tree == Tree::company ? "company"
                                                  : "movement";
  std::string text = tree;
  text += "(";
  text += std::to_string(name.number);
  text += ")";
  return text;
}

TreeId tree_id(Tree tree) {
  return with_tree(tree, []<typename T>(std::type_identity<T>) { return TreeOf<T>::id; });
}

std::string to_string(AnyKey key) {
  for (const Tree tree : {Tree::part, Tree::company, Tree::movement}) {
    if (tree_id(tree) == key.tree) {
      return with_tree(tree, [&]<typename T>(std::type_identity<T>) {
        return format_key(TreeOf<T>::name, key.word);
      });
    }
  }
  return "tree " + std::to_string(key.tree.value) + ":" + to_string(key.word);
}

std::vector<TreeDefinition> stock_trees() {
  return trees<stock::Part, stock::Company, stock::Movement>();
}

std::string to_string(const Mark& mark) {
  std::string text(1, static_cast<char>(mark.kind));
  text += std::to_string(mark.number);
  return text;
}

Trail parse_trail(std::string_view text) {
  Trail trail;
  while (!text.empty()) {
    const auto end = std::min(text.find('.'), text.size());
    trail.push_back(parse_mark(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return trail;
}

std::string trail_of(TreeId tree, std::span<const std::uint64_t> body) {
  if (tree == TreeOf<stock::Part>::id) return stored_trail<stock::Part>(body);
  if (tree == TreeOf<stock::Company>::id) return stored_trail<stock::Company>(body);
  return stored_trail<stock::Movement>(body);
}

void set_trail(stock::Part::Builder body, const std::string& trail) {
  body.setNumber(trail);
  body.setPrice(static_cast<std::int64_t>(trail.size()));
}
void set_trail(stock::Company::Builder body, const std::string& trail) { body.setName(trail); }
void set_trail(stock::Movement::Builder body, const std::string& trail) {
  body.setNote(trail);
  body.setDelta(static_cast<std::int32_t>(trail.size()));
}

}  // namespace coppice::simulation
