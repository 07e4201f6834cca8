#include "codegen/resolve.h"

#include <algorithm>
#include <map>
#include <set>

#include <capnp/schema-loader.h>

#include "codegen/stored_types.h"
#include "schema/compiled_tree.h"
#include "schema/compiler_request.h"
#include "schema/tree_info.h"

namespace coppice::codegen {
namespace {

using capnp::schema::CodeGeneratorRequest;
using capnp::schema::Node;

// Published with capnp/c++.capnp: these never change.
constexpr std::uint64_t kCppNamespaceAnnotation = 0xb9c6f99ebf805f2c;
constexpr std::uint64_t kCppNameAnnotation = 0xf264a779fef191ce;

// The name that generated C++ has for a declaration: $Cxx.name, or the declared one.
std::string cpp_identifier(Node::Reader node) {
  auto renamed = annotation(node, kCppNameAnnotation);
  if (renamed && renamed->isText()) return renamed->getText();
  std::string declared = declared_name(node);
  return declared.substr(declared.rfind('.') + 1);
}

std::string without_capnp(const std::string& path) {
  constexpr std::string_view ending = ".capnp";
  return path.ends_with(ending) ? path.substr(0, path.size() - ending.size()) : path;
}

// "Outer::Inner" to "OuterInnerKey".
std::string key_alias(std::string cpp_name) {
  std::erase(cpp_name, ':');
  return cpp_name + "Key";
}

class Resolver {
 public:
  explicit Resolver(CodeGeneratorRequest::Reader request) : request_(request) {
    for (const auto& [id, node] : request_.nodes()) {
      loader_.load(node);
      if (auto tree = tree_annotation(node)) names_.emplace(tree->getName(), id);
    }
  }

  Resolution run() {
    for (auto file : request_.message().getRequestedFiles()) resolve_file(file);
    if (!resolution_.problems.empty()) resolution_.files.clear();
    return std::move(resolution_);
  }

 private:
  void resolve_file(CodeGeneratorRequest::RequestedFile::Reader file) {
    FileModel model;
    model.source = file.getFilename();
    model.output = without_capnp(model.source) + ".coppice";
    auto node = request_.find(file.getId());
    if (!node) return problem(model.source, "the compiler's request lacks this file");
    auto cpp_namespace = annotation(*node, kCppNamespaceAnnotation);
    if (cpp_namespace && cpp_namespace->isText()) model.cpp_namespace = cpp_namespace->getText();
    resolve_nested(*node, "", model);
    check_aliases(*node, model);
    resolution_.files.push_back(std::move(model));
  }

  // The trees among what is declared inside of a file or a struct, at any depth.
  void resolve_nested(Node::Reader scope, const std::string& cpp_scope, FileModel& model) {
    for (auto nested : scope.getNestedNodes()) {
      auto node = request_.find(nested.getId());
      if (!node) continue;
      std::string cpp_name = cpp_scope + cpp_identifier(*node);
      if (tree_annotation(*node)) resolve_tree(*node, cpp_name, model);
      resolve_nested(*node, cpp_name + "::", model);
    }
  }

  void resolve_tree(Node::Reader node, const std::string& cpp_name, FileModel& model) {
    auto count = resolution_.problems.size();
    std::string place = model.source + ": struct " + declared_name(node);
    check_name(node, place);
    if (node.getIsGeneric()) {
      return problem(place,
                     "a tree cannot have type parameters, its own or of a struct around it; " +
                         std::string("write them out"));
    }
    check_stored_types(request_, loader_.get(node.getId()).asStruct(),
                       [&](std::string text) { problem(place, text); });
    if (resolution_.problems.size() == count) add_tree(node, cpp_name, place, model);
  }

  void check_name(Node::Reader node, const std::string& place) {
    std::string name = tree_annotation(node)->getName();
    if (name.empty()) {
      return problem(place, "the tree has no name; write $Coppice.tree(name = \"...\")");
    }
    auto [first, last] = names_.equal_range(name);
    for (; first != last; ++first) {
      if (first->second == node.getId()) continue;
      auto other = *request_.find(first->second);
      return problem(place, "tree name \"" + name + "\" is taken by struct " +
                                declared_name(other) + in_file(other) +
                                "; names are unique in a database");
    }
  }

  // Whatever the framework would refuse when it opens the database, it refuses here.
  void add_tree(Node::Reader node, const std::string& cpp_name, const std::string& place,
                FileModel& model) {
    TreeModel tree;
    tree.id = node.getId();
    tree.cpp_name = cpp_name;
    tree.key_alias = key_alias(cpp_name);
    tree.name = tree_annotation(node)->getName();
    tree.versioned = tree_annotation(node)->getVersioned();
    if (auto info = request_.comments(node.getId())) tree.comment = info->getDocComment();
    tree.schema = compiled_tree(request_, node);
    if (auto info = TreeInfo::parse(tree.schema); !info) {
      std::string why = info.error().message;
      return problem(place, why.substr(0, why.find_last_not_of('.') + 1));
    }
    model.trees.push_back(std::move(tree));
  }

  // "PartKey" must not be declared already beside Part.
  void check_aliases(Node::Reader file, const FileModel& model) {
    std::map<std::string, std::string> taken;
    for (auto nested : file.getNestedNodes()) {
      if (auto node = request_.find(nested.getId())) {
        taken.emplace(cpp_identifier(*node), "declaration " + declared_name(*node));
      }
    }
    for (const auto& tree : model.trees) {
      auto [other, is_new] = taken.emplace(tree.key_alias, "the key of " + tree.cpp_name);
      if (is_new) continue;
      problem(model.source + ": struct " + tree.cpp_name,
              "its key type is called " + tree.key_alias + ", as is " + other->second +
                  "; rename one, or give it another name in C++ with $Cxx.name");
    }
  }

  std::string in_file(Node::Reader node) const {
    auto file = request_.file_of(node);
    return file ? std::string(" in ") + file->getDisplayName().cStr() : "";
  }

  void problem(const std::string& place, const std::string& text) {
    resolution_.problems.push_back(place + ": " + text + ".");
  }

  CompilerRequest request_;
  capnp::SchemaLoader loader_;
  std::multimap<std::string, std::uint64_t> names_;
  Resolution resolution_;
};

}  // namespace

Resolution resolve(CodeGeneratorRequest::Reader request) { return Resolver(request).run(); }

}  // namespace coppice::codegen
