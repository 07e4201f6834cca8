#pragma once

#include <string>
#include <string_view>

#include "coppice/query.h"
#include "schema/query_trees.h"

// Queries as people write them (docs/queries.md has the whole language):
//
//   price < 100 and (maker.country = "DE" or not title contains "10k") order by price desc limit 20
namespace coppice {

// Errors: bad_request, with the place as "Column 9: ..." and in `actual`; unknown_tree.
Result<AnyQuery> parse_query(std::string_view text, TreeId tree, const Catalogue& catalogue);

// The same text in its plain form. parse_query() makes the same query of it. What the schemas do
// not have is written as "?".
std::string to_text(const AnyQuery& query, QueryTrees& trees);
// The condition alone; "true" if it is everything.
std::string to_text(const AnyCondition& condition, TreeId tree, SchemaFunction schema,
                    QueryTrees& trees);
// A field that is led to, as in "order by": "maker.country".
std::string to_text(const std::vector<Hop>& hops, FieldId field, TreeId tree, SchemaFunction schema,
                    QueryTrees& trees);

// What a field's values are, for people: "a whole number (Int8)".
std::string describe(ValueType type);
// A value as a query writes it.
std::string value_text(const FieldMap& fields, const FieldMap::Field& field,
                       const OwnedValue& value, const Catalogue& catalogue);

}  // namespace coppice
