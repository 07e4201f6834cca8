#include "codegen/render.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace coppice::codegen {
namespace {

constexpr int kWordsPerLine = 4;

std::string hex(std::uint64_t word) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(word));
  return text;
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string banner(const FileModel& file) {
  return "// Written by capnpc-coppice from " + last_part(file.source) +
         ". Do not edit it: change the schema.\n";
}

std::string no_trees() {
  return "// It declares no tree: no struct in it has the annotation $Coppice.tree.\n";
}

std::string qualified(const FileModel& file, const TreeModel& tree) {
  return file.cpp_namespace.empty() ? tree.cpp_name : file.cpp_namespace + "::" + tree.cpp_name;
}

// The compiler's plugin for C++ writes the header of "shop.capnp" to "shop.capnp.h", beside ours.
std::string capnp_header(const FileModel& file) { return last_part(file.source) + ".h"; }

// A doc comment as a comment, without the blank lines at its end.
std::string comment(std::string_view text) {
  std::string lines;
  text = text.substr(0, text.find_last_not_of(" \n") + 1);
  while (!text.empty()) {
    auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    // A backslash at the end of a line would swallow the next one.
    line = line.substr(0, line.find_last_not_of(" \t\r\\") + 1);
    lines += (line.empty() ? "//" : "// ") + std::string(line) + "\n";
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return lines;
}

std::string tree_declaration(const FileModel& file, const TreeModel& tree) {
  return "\n" + comment(tree.comment) + "template <>\nstruct coppice::TreeOf<" +
         qualified(file, tree) +
         "> {\n"
         "  static constexpr coppice::TreeId id{" +
         hex(tree.id) +
         "};\n"
         "  static constexpr std::string_view name = \"" +
         tree.name +
         "\";\n"
         "  static constexpr bool versioned = " +
         (tree.versioned ? "true" : "false") +
         ";\n"
         "  // For the catalogue: a coppice::protocol::TreeSchema as a single-segment message.\n"
         "  static std::span<const std::uint64_t> schema();\n"
         "};\n";
}

// The fields from `first` to `last` whose ways agree in their first `depth` parts, which are named
// already.
std::string field_scope(const TreeModel& tree, std::size_t first, std::size_t last,
                        std::size_t depth) {
  const std::string indent(2 * (depth + 1), ' ');
  std::string text;
  while (first < last) {
    const FieldModel& field = tree.fields[first];
    const std::string& name = field.way[depth];
    if (field.way.size() == depth + 1) {
      text += indent +
              "static constexpr ::coppice::" + (field.is_indexed ? "IndexedField<" : "Field<") +
              tree.cpp_name + ", " + field.cpp_type + "> " + name + "{" + hex(field.id) + "};\n";
      ++first;
      continue;
    }
    std::size_t end = first;
    while (end < last && tree.fields[end].way[depth] == name) ++end;
    text += indent + "struct " + name + " {\n" + field_scope(tree, first, end, depth + 1) + indent +
            "};\n";
    first = end;
  }
  return text;
}

std::string fields_of(const TreeModel& tree) {
  if (tree.fields.empty()) return "";
  return "\n// What can be asked for: `coppice::query<" + tree.cpp_name +
         ">().where(...)`.\nstruct " + tree.fields_alias + " {\n" +
         field_scope(tree, 0, tree.fields.size(), 0) + "};\n";
}

std::string states_of(const TreeModel& tree) {
  if (tree.states.empty()) return "";
  std::string text =
      "\n// The lifecycle states of " + tree.cpp_name + ".\nstruct " + tree.states_alias + " {\n";
  for (const StateModel& state : tree.states) {
    text += "  static constexpr std::uint16_t " + state.name + " = " +
            std::to_string(state.number) + ";\n";
  }
  return text + "};\n";
}

bool has_fields(const FileModel& file) {
  return std::any_of(file.trees.begin(), file.trees.end(),
                     [](const TreeModel& tree) { return !tree.fields.empty(); });
}

// Keys and fields.
std::string aliases(const FileModel& file) {
  std::string text;
  for (const auto& tree : file.trees) {
    text += "using " + tree.key_alias + " = ::coppice::Key<" + tree.cpp_name + ">;\n";
  }
  for (const auto& tree : file.trees) text += fields_of(tree) + states_of(tree);
  if (file.cpp_namespace.empty()) return "\n" + text;
  return "\nnamespace " + file.cpp_namespace + " {\n\n" + text + "\n}  // namespace " +
         file.cpp_namespace + "\n";
}

// A name for a tree's words that no other tree in the file has: tree names are unique, but may
// contain '-'.
std::string words_name(const TreeModel& tree) {
  std::string name = "k" + tree.key_alias;
  name.replace(name.size() - 3, 3, "Schema");
  return name;
}

std::string words_of(const TreeModel& tree) {
  std::string text;
  for (std::size_t i = 0; i < tree.schema.size(); ++i) {
    bool ends_line = (i + 1) % kWordsPerLine == 0 || i + 1 == tree.schema.size();
    text +=
        (i % kWordsPerLine == 0 ? "    " : " ") + hex(tree.schema[i]) + (ends_line ? ",\n" : ",");
  }
  return "// Tree \"" + tree.name + "\".\nconst std::uint64_t " + words_name(tree) + "[] = {\n" +
         text + "};\n";
}

std::string schema_definition(const FileModel& file, const TreeModel& tree) {
  return "\nstd::span<const std::uint64_t> coppice::TreeOf<" + qualified(file, tree) +
         ">::schema() {\n  return " + words_name(tree) + ";\n}\n";
}

}  // namespace

std::string render_header(const FileModel& file) {
  std::string text = banner(file);
  if (file.trees.empty()) return text + no_trees() + "#pragma once\n";
  text +=
      "#pragma once\n\n#include <cstdint>\n#include <span>\n#include <string_view>\n\n"
      "#include <coppice/" +
      std::string(has_fields(file) ? "condition.h>\n#include <coppice/" : "") +
      "key.h>\n\n#include \"" + capnp_header(file) + "\"\n";
  for (const auto& tree : file.trees) text += tree_declaration(file, tree);
  return text + aliases(file);
}

std::string render_source(const FileModel& file) {
  std::string text = banner(file);
  if (file.trees.empty()) return text + no_trees();
  text += "#include \"" + last_part(file.output) + ".h\"\n\nnamespace {\n";
  for (const auto& tree : file.trees) text += "\n" + words_of(tree);
  text += "\n}  // namespace\n";
  for (const auto& tree : file.trees) text += schema_definition(file, tree);
  return text;
}

}  // namespace coppice::codegen
