#pragma once

#include "schema/tree_info.h"

namespace coppice {

// Whether records of `stored` may from now on be read and written by `offered`, and the other way
// round. Cap'n Proto's SchemaLoader judges, and schema_diff where that is stricter. Errors:
// incompatible_schema, naming the tree, each field, what changed, and what to do.
//
// newer: it has something that the stored one lacks, or only names, annotations or options differ.
enum class SchemaChange { none, older, newer };
Result<SchemaChange> compare_schemas(const TreeInfo& stored, const TreeInfo& offered);

}  // namespace coppice
