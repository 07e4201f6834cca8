#pragma once

// The simulator's view of its schema: which trees there are, and where a body carries its
// trail.

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "coppice/client.h"
#include "stock.capnp.h"
#include "stock.coppice.h"

namespace coppice::simulation {

enum class Tree { part, company, movement };

// How a trace and a scenario name a record, whatever id it gets: `part(7)`.
struct Name {
  Tree tree = Tree::part;
  int number = 0;
  auto operator<=>(const Name&) const = default;
};
inline Name part(int number) { return {Tree::part, number}; }
inline Name company(int number) { return {Tree::company, number}; }
inline Name movement(int number) { return {Tree::movement, number}; }
using Names = std::vector<Name>;

std::string to_string(const Name& name);
std::string to_string(AnyKey key);

// fn(std::type_identity<stock::Part>) and so on.
template <typename F>
decltype(auto) with_tree(Tree tree, F&& fn) {
  if (tree == Tree::company) return fn(std::type_identity<stock::Company>());
  if (tree == Tree::movement) return fn(std::type_identity<stock::Movement>());
  return fn(std::type_identity<stock::Part>());
}
TreeId tree_id(Tree tree);
std::vector<TreeDefinition> stock_trees();

// A mark in a trail: what a transaction left in a body. `number` is unique in a schedule.
struct Mark {
  enum class Kind : char { created = 'c', edited = 'e', checked_in = 't' };
  Kind kind = Kind::created;
  std::uint64_t number = 0;
  auto operator<=>(const Mark&) const = default;
};
using Trail = std::vector<Mark>;

// Every body has a text that is the history of its edits, "c3.e7.t9": each edit appends its mark.
// So a lost update, a repeated one and half a transaction all show in the text itself.
std::string to_string(const Mark& mark);
Trail parse_trail(std::string_view text);

inline std::string text_of(capnp::Text::Reader text) { return {text.begin(), text.size()}; }
inline std::string trail_of(stock::Part::Reader body) { return text_of(body.getNumber()); }
inline std::string trail_of(stock::Company::Reader body) { return text_of(body.getName()); }
inline std::string trail_of(stock::Movement::Reader body) { return text_of(body.getNote()); }
// Of a stored body.
std::string trail_of(TreeId tree, std::span<const std::uint64_t> body);

void set_trail(stock::Part::Builder body, const std::string& trail);
void set_trail(stock::Company::Builder body, const std::string& trail);
void set_trail(stock::Movement::Builder body, const std::string& trail);

}  // namespace coppice::simulation
