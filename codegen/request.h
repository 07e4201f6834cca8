#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <capnp/schema.capnp.h>

#include "coppice/tree.capnp.h"

namespace coppice::codegen {

using Node = capnp::schema::Node;
using CodeGeneratorRequest = capnp::schema::CodeGeneratorRequest;

// Stored and published: these never change.
inline constexpr std::uint64_t kTreeAnnotation = 0xb2c4a1f09d3e5768;
inline constexpr std::uint64_t kCppNamespaceAnnotation = 0xb9c6f99ebf805f2c;
inline constexpr std::uint64_t kCppNameAnnotation = 0xf264a779fef191ce;

// The compiler's request with its nodes found by id. A view: valid as long as the request's
// message.
class Request {
 public:
  explicit Request(CodeGeneratorRequest::Reader request);

  CodeGeneratorRequest::Reader message() const { return request_; }
  // In the order of ids.
  const std::map<std::uint64_t, Node::Reader>& nodes() const { return nodes_; }
  std::optional<Node::Reader> find(std::uint64_t id) const;
  // The doc comments of a node; nothing if it has none, on itself or its members.
  std::optional<Node::SourceInfo::Reader> comments(std::uint64_t id) const;

  // The file that declares a node: itself for a file, nothing for the parameters of a method.
  std::optional<Node::Reader> file_of(Node::Reader node) const;

 private:
  CodeGeneratorRequest::Reader request_;
  std::map<std::uint64_t, Node::Reader> nodes_;
  std::map<std::uint64_t, Node::SourceInfo::Reader> comments_;
};

// The name of a declaration as people write it, without its file: "Outer.Inner".
std::string declared_name(Node::Reader node);

// The value of a node's annotation of this id.
std::optional<capnp::schema::Value::Reader> annotation(Node::Reader node, std::uint64_t id);
// The value of $Coppice.tree. Nothing for what is no tree.
std::optional<schema::Tree::Reader> tree_annotation(Node::Reader node);

}  // namespace coppice::codegen
