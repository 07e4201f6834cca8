#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coppice/any_condition.h"
#include "schema/catalogue.h"
#include "schema/field_map.h"
#include "schema/query_lexer.h"

namespace coppice {

// What a piece of a query's text means as a value of a field. Throws QueryMistake (at `column`),
// where it is none: another type, out of the type's range, no such name, a key of another tree.
OwnedValue query_value(const QueryToken& token, std::string_view written, std::size_t column,
                       const FieldMap& fields, const FieldMap::Field& field,
                       const Catalogue& catalogue);

// Those of the names that somebody may have meant, as the end of a sentence: " Did you mean 'price'
// or 'prize'?"; else, where they are few, all of them.
std::string near_names(std::string_view name, const std::vector<std::string>& names);

}  // namespace coppice
