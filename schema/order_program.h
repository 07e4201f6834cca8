#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "coppice/query.h"
#include "schema/condition_program.h"

namespace coppice {

// What a record is put in order by: bytes whose order is that of the query, so that a million of
// them are compared quickly. A number takes nine, and no memory of its own.
using SortKey = std::string;

// The order of a query, compiled against the schemas of its trees.
//
// Immutable, shared by threads.
class OrderProgram {
 public:
  // Errors: as ConditionProgram::compile.
  static Result<OrderProgram> compile(const AnyQuery& query, QueryTrees& trees);

  bool empty() const { return parts_.empty(); }
  SortKey key(std::span<const std::uint64_t> body, RecordSource& source) const;

 private:
  struct Step {
    FieldReader reader;
    TreeId target;
  };
  struct Part {
    std::vector<Step> steps;
    FieldReader reader;
    Direction direction;
  };
  static Result<Part> compile_part(const Order& order, const AnyQuery& query, QueryTrees& trees);
  static void find(const Part& part, std::size_t step, std::span<const std::uint64_t> body,
                   RecordSource& source, std::optional<OwnedValue>& best);
  static void append(SortKey& key, const std::optional<OwnedValue>& value, Direction direction);

  std::vector<Part> parts_;
};

}  // namespace coppice
