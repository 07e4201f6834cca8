#include "schema/compiler_request.h"

namespace coppice {
namespace {

using Node = capnp::schema::Node;

bool has_comments(Node::SourceInfo::Reader info) {
  if (info.getDocComment().size() > 0) return true;
  for (auto member : info.getMembers()) {
    if (member.getDocComment().size() > 0) return true;
  }
  return false;
}

template <typename Value>
std::optional<Value> find_in(const std::map<std::uint64_t, Value>& map, std::uint64_t id) {
  auto found = map.find(id);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

}  // namespace

CompilerRequest::CompilerRequest(capnp::schema::CodeGeneratorRequest::Reader request)
    : request_(request) {
  for (auto node : request.getNodes()) nodes_.emplace(node.getId(), node);
  for (auto info : request.getSourceInfo()) {
    if (has_comments(info)) comments_.emplace(info.getId(), info);
  }
}

std::optional<Node::Reader> CompilerRequest::find(std::uint64_t id) const {
  return find_in(nodes_, id);
}

std::optional<Node::SourceInfo::Reader> CompilerRequest::comments(std::uint64_t id) const {
  return find_in(comments_, id);
}

std::optional<Node::Reader> CompilerRequest::file_of(Node::Reader node) const {
  std::optional<Node::Reader> scope = node;
  while (scope && !scope->isFile()) scope = find(scope->getScopeId());
  return scope;
}

std::optional<capnp::schema::Value::Reader> annotation(Node::Reader node, std::uint64_t id) {
  for (auto use : node.getAnnotations()) {
    if (use.getId() == id) return use.getValue();
  }
  return std::nullopt;
}

std::optional<schema::Tree::Reader> tree_annotation(Node::Reader node) {
  auto value = annotation(node, kTreeAnnotation);
  if (!value || !value->isStruct()) return std::nullopt;
  return value->getStruct().getAs<schema::Tree>();
}

}  // namespace coppice
