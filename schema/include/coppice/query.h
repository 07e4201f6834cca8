#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "coppice/condition.h"
#include "coppice/revisions.h"

namespace coppice {

enum class Direction { ascending, descending };

// What records are put in order by: a field, or one that references lead to. Of several values the
// one that comes first counts; records without a value come last in either direction.
struct Order {
  std::vector<Hop> hops;
  FieldId field;
  Direction direction = Direction::ascending;
  bool operator==(const Order&) const = default;
};

// A question to one tree: which records, which of their revisions, in which order and how many of
// them. A value: it knows no snapshot, and can be asked of any, again and again.
//
// Where the order leaves records equal, and where none is asked for, they come in the order of
// their keys, so that the same question to the same snapshot has the same answer.
struct AnyQuery {
  TreeId tree;
  AnyCondition where = {};
  Revisions revisions = Revisions::newest;
  std::vector<Order> order = {};
  std::optional<std::size_t> limit = std::nullopt;  // nothing: all
  SchemaFunction schema = nullptr;
  // Whether it is the same question.
  bool operator==(const AnyQuery& other) const {
    return tree == other.tree && where == other.where && revisions == other.revisions &&
           order == other.order && limit == other.limit;
  }
};

// The same for the tree of T, built step by step: each step gives a new one.
//
//   auto cheap = query<shop::Part>().where(F::price < 100).order_by(F::price).limit(20);
//
// Threads: any, as for every value.
template <typename T>
class Query {
 public:
  Query() : query_{.tree = TreeOf<T>::id, .schema = &TreeOf<T>::schema} {}

  // Records that fulfil this too.
  Query where(const Condition<T>& condition) const {
    Query next = *this;
    next.query_.where = AnyCondition::all({query_.where, condition.any()});
    return next;
  }
  // Of each record the newest revision that is released, rather than the newest.
  Query released() const { return with(Revisions::released); }
  Query all_revisions() const { return with(Revisions::all); }
  // By several fields, the first asked for counts most.
  template <typename F>
  requires std::same_as<typename F::Tree, T> && detail::kHasValues<typename F::Value> Query
  order_by(const F& field, Direction direction = Direction::ascending)
  const {
    Query next = *this;
    next.query_.order.push_back(
        {std::vector<Hop>(field.hops().begin(), field.hops().end()), field.id, direction});
    return next;
  }
  // So many, the first ones.
  Query limit(std::size_t count) const {
    Query next = *this;
    next.query_.limit = count;
    return next;
  }

  const AnyQuery& any() const { return query_; }

 private:
  Query with(Revisions revisions) const {
    Query next = *this;
    next.query_.revisions = revisions;
    return next;
  }

  AnyQuery query_;
};

// Every record of the tree of T, to begin with.
template <typename T>
Query<T> query() {
  return {};
}

}  // namespace coppice
