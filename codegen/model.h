#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coppice::codegen {

// A field that can be asked for.
struct FieldModel {
  std::vector<std::string> way;  // {"size", "length"}, as C++ identifiers
  std::uint64_t id = 0;
  // Of its values: "::capnp::Text", "::coppice::schema::Ref<::shop::Company>".
  std::string cpp_type;
  bool is_indexed = false;
};

// A lifecycle state that the tree declares.
struct StateModel {
  std::string name;  // as a C++ identifier
  std::uint16_t number = 0;
};

// What a template needs to know of one struct that is a tree. Everything in it was checked by
// resolve().
struct TreeModel {
  std::uint64_t id = 0;
  std::string cpp_name;      // within the file's namespace: "Part", "Outer::Inner"
  std::string key_alias;     // beside the outermost of them: "PartKey", "OuterInnerKey"
  std::string fields_alias;  // likewise: "PartFields", "OuterInnerFields"
  std::string states_alias;  // likewise: "PartStates", "OuterInnerStates"
  std::string name;          // "parts"
  bool versioned = false;
  std::vector<FieldModel> fields;     // in the order of the schema
  std::vector<StateModel> states;     // likewise
  std::string comment;                // the struct's doc comment, possibly empty
  std::vector<std::uint64_t> schema;  // a protocol::TreeSchema as a single canonical segment
};

// One requested schema file. Its trees are in the order of the file.
struct FileModel {
  std::string source;         // as the compiler names it: "parts/part.capnp"
  std::string output;         // of what is written, without ".h" or ".cpp": "parts/part.coppice"
  std::string cpp_namespace;  // "shop", "acme::shop", or empty for the global one
  std::vector<TreeModel> trees;
};

}  // namespace coppice::codegen
