#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <capnp/schema.capnp.h>

#include "coppice/tree.capnp.h"
#include "schema/schema_names.h"

namespace coppice {

// What `capnp compile` tells a plugin, or prints with -o-: a request with its nodes found by id. A
// view: valid as long as the request's message.
class CompilerRequest {
 public:
  explicit CompilerRequest(capnp::schema::CodeGeneratorRequest::Reader request);

  capnp::schema::CodeGeneratorRequest::Reader message() const { return request_; }
  // In the order of ids.
  const std::map<std::uint64_t, capnp::schema::Node::Reader>& nodes() const { return nodes_; }
  std::optional<capnp::schema::Node::Reader> find(std::uint64_t id) const;
  // The doc comments of a node; nothing if it has none, on itself or its members.
  std::optional<capnp::schema::Node::SourceInfo::Reader> comments(std::uint64_t id) const;

  // The file that declares a node: itself for a file, nothing for the parameters of a method.
  std::optional<capnp::schema::Node::Reader> file_of(capnp::schema::Node::Reader node) const;

 private:
  capnp::schema::CodeGeneratorRequest::Reader request_;
  std::map<std::uint64_t, capnp::schema::Node::Reader> nodes_;
  std::map<std::uint64_t, capnp::schema::Node::SourceInfo::Reader> comments_;
};

// The value of a node's annotation of this id.
std::optional<capnp::schema::Value::Reader> annotation(capnp::schema::Node::Reader node,
                                                       std::uint64_t id);
// The value of $Coppice.tree. Nothing for what is no tree.
std::optional<schema::Tree::Reader> tree_annotation(capnp::schema::Node::Reader node);

}  // namespace coppice
