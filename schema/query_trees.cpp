#include "schema/query_trees.h"

namespace coppice {

Result<QueryTrees::Found> QueryTrees::field(TreeId id, FieldId field, SchemaFunction schema) {
  const TreeInfoPtr known = given_(id);
  if (known) {
    if (const auto* found = known->fields().find(field)) return Found{known, found};
  }
  if (const auto info = program(id, schema)) {
    if (const auto* found = info->fields().find(field)) return Found{info, found};
  }
  if (!known && !schema) return unknown_tree();
  const std::string name = known ? known->name() : program(id, schema)->name();
  return error(Errc::bad_request,
               "The query asks for a field that tree '" + name +
                   "' does not have in the schema that is known here. Update the program, or let "
                   "it bring its schema to the server.");
}

Error unknown_tree() {
  return error(Errc::unknown_tree,
               "The query asks a tree that is not here. Open the replica with its schema, or "
               "connect once to get it.");
}

TreeInfoPtr QueryTrees::tree(TreeId id, SchemaFunction schema) {
  if (auto known = given_(id)) return known;
  return program(id, schema);
}

TreeInfoPtr QueryTrees::program(TreeId id, SchemaFunction schema) {
  if (!schema) return nullptr;
  auto [known, is_new] = programs_.try_emplace(id);
  if (is_new) known->second = TreeInfo::parse(schema()).value();
  return known->second;
}

}  // namespace coppice
