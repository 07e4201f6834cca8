#include "codegen/resolve.h"

#include <algorithm>
#include <map>
#include <set>

#include <capnp/schema-loader.h>

#include "codegen/cpp_names.h"
#include "codegen/stored_types.h"
#include "codegen/tree_fields.h"
#include "schema/compiled_tree.h"
#include "schema/compiler_request.h"
#include "schema/tree_info.h"

namespace coppice::codegen {
namespace {

using capnp::schema::CodeGeneratorRequest;
using capnp::schema::Node;

std::string without_capnp(const std::string& path) {
  constexpr std::string_view ending = ".capnp";
  return path.ends_with(ending) ? path.substr(0, path.size() - ending.size()) : path;
}

// "Outer::Inner" to "OuterInnerKey".
std::string alias(std::string cpp_name, const char* ending) {
  std::erase(cpp_name, ':');
  return cpp_name + ending;
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
    tree.key_alias = alias(cpp_name, "Key");
    tree.fields_alias = alias(cpp_name, "Fields");
    tree.states_alias = alias(cpp_name, "States");
    tree.name = tree_annotation(node)->getName();
    tree.versioned = tree_annotation(node)->getVersioned();
    if (auto info = request_.comments(node.getId())) tree.comment = info->getDocComment();
    tree.schema = compiled_tree(request_, node);
    auto info = TreeInfo::parse(tree.schema);
    if (!info) {
      std::string why = info.error().message;
      return problem(place, why.substr(0, why.find_last_not_of('.') + 1));
    }
    tree.fields = tree_fields(request_, **info);
    for (const auto& state : (*info)->lifecycle().states()) {
      std::string name = state.name;
      std::ranges::replace(name, '-', '_');
      tree.states.push_back({cpp_field(name), state.number});
    }
    model.trees.push_back(std::move(tree));
  }

  // "PartKey" and "PartFields" must not be declared already beside Part.
  void check_aliases(Node::Reader file, const FileModel& model) {
    std::map<std::string, std::string> taken;
    for (auto nested : file.getNestedNodes()) {
      if (auto node = request_.find(nested.getId())) {
        taken.emplace(cpp_identifier(*node), "declaration " + declared_name(*node));
      }
    }
    for (const auto& tree : model.trees) {
      check_alias(taken, model, tree, "key", tree.key_alias);
      if (!tree.fields.empty()) check_alias(taken, model, tree, "fields", tree.fields_alias);
      if (!tree.states.empty()) check_alias(taken, model, tree, "states", tree.states_alias);
    }
  }

  void check_alias(std::map<std::string, std::string>& taken, const FileModel& model,
                   const TreeModel& tree, const std::string& what, const std::string& name) {
    auto [other, is_new] = taken.emplace(name, "the " + what + " of " + tree.cpp_name);
    if (is_new) return;
    const std::string whose = what == "key" ? "its key type is" : "the list of its " + what + " is";
    problem(model.source + ": struct " + tree.cpp_name,
            whose + " called " + name + ", as is " + other->second +
                "; rename one, or give it another name in C++ with $Cxx.name");
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
