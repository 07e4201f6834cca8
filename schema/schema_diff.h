#pragma once

#include <string>
#include <vector>

#include "schema/tree_info.h"

namespace coppice {

// What a difference between two schemas of one tree means for its records and programs, from good
// to bad.
enum class Verdict {
  compatible,       // old and new programs work with the same records
  needs_migration,  // somebody has to say what becomes of the bodies there are
  impossible,       // no migration can do it; there is another way, which the advice tells
};

// One difference between two schemas of a tree.
struct SchemaDifference {
  // What an application calls it: "bom.quantity" is a field of the elements of the list "bom", and
  // "unit.litre" a value of the enum in the field "unit". By the old name, where it was renamed.
  // Empty: the tree itself.
  std::string path;
  // As a schema has it: "@3 :Int64". Empty: it was not there, or is not any more.
  std::string was;
  std::string is;
  Verdict verdict = Verdict::compatible;
  std::string what;    // "its type was changed"
  std::string advice;  // a sentence that says what to do; empty where nothing is to be done

  // "bom.quantity: its type was changed, from @1 :UInt32 to @1 :Float64. Keep it, and ..."
  std::string sentence() const;
};

// Every difference from `was` to `is` that matters to bodies, options, names or annotations, in the
// order in which the tree's struct leads to them; doc comments aside. It tells what SchemaLoader,
// which judges whether schemas are compatible, leaves unsaid, and is stricter in three things that
// the loader lets pass and that would confuse programs: a reference to another tree, names that
// changed places, and text that became data.
std::vector<SchemaDifference> schema_diff(const TreeInfo& was, const TreeInfo& is);

// The worst of them.
Verdict worst(const std::vector<SchemaDifference>& differences);

}  // namespace coppice
