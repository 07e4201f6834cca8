#include "codegen/cpp_names.h"

#include <algorithm>
#include <string_view>

namespace coppice::codegen {
namespace {

using capnp::schema::Node;

// Those that a field of a schema can be called: they begin with a lower case letter and have no
// '_'.
constexpr std::string_view kKeywords[] = {
    "alignas",   "alignof",   "and",       "asm",      "auto",     "bitand",   "bitor",   "bool",
    "break",     "case",      "catch",     "char",     "class",    "compl",    "concept", "const",
    "consteval", "constexpr", "constinit", "continue", "decltype", "default",  "delete",  "do",
    "double",    "else",      "enum",      "explicit", "export",   "extern",   "false",   "float",
    "for",       "friend",    "goto",      "if",       "inline",   "int",      "long",    "mutable",
    "namespace", "new",       "noexcept",  "not",      "nullptr",  "operator", "or",      "private",
    "protected", "public",    "register",  "requires", "return",   "short",    "signed",  "sizeof",
    "static",    "struct",    "switch",    "template", "this",     "throw",    "true",    "try",
    "typedef",   "typeid",    "typename",  "union",    "unsigned", "using",    "virtual", "void",
    "volatile",  "while",     "xor"};

}  // namespace

std::string cpp_identifier(capnp::schema::Node::Reader node) {
  auto renamed = annotation(node, kCppNameAnnotation);
  if (renamed && renamed->isText()) return renamed->getText();
  std::string declared = declared_name(node);
  return declared.substr(declared.rfind('.') + 1);
}

std::string cpp_qualified(const CompilerRequest& request, capnp::schema::Node::Reader node) {
  if (node.isFile()) {
    auto cpp_namespace = annotation(node, kCppNamespaceAnnotation);
    if (!cpp_namespace || !cpp_namespace->isText()) return "";
    return std::string("::") + cpp_namespace->getText().cStr();
  }
  auto scope = request.find(node.getScopeId());
  return (scope ? cpp_qualified(request, *scope) : "") + "::" + cpp_identifier(node);
}

std::string cpp_field(const std::string& name) {
  const bool is_keyword = std::ranges::find(kKeywords, name) != std::end(kKeywords);
  return is_keyword ? name + "_" : name;
}

}  // namespace coppice::codegen
