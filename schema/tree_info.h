#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <capnp/schema-loader.h>

#include "coppice/error.h"
#include "coppice/key.h"
#include "coppice/protocol.capnp.h"
#include "schema/body_shape.h"

namespace coppice {

// A tree as the catalogue knows it: its schema, its options and the shape of its bodies. Immutable,
// shared by threads.
class TreeInfo {
 public:
  // Checks a TreeSchema from outside (a peer, generated code, a file), given as a single-segment
  // message without segment table: its nodes parse and fit together, the root is a struct, the name
  // is a tree's name. Errors: incompatible_schema.
  static Result<std::shared_ptr<const TreeInfo>> parse(std::span<const std::uint64_t> message);
  static Result<std::shared_ptr<const TreeInfo>> parse(protocol::TreeSchema::Reader schema);

  TreeId id() const { return id_; }
  const std::string& name() const { return name_; }
  bool versioned() const { return reader_.getVersioned(); }
  std::uint32_t version() const { return reader_.getVersion(); }
  std::uint16_t released_state() const { return reader_.getReleasedState(); }
  std::uint16_t superseded_state() const { return reader_.getSupersededState(); }
  bool comment_on_check_in() const { return reader_.getCommentOnCheckIn(); }

  const BodyShape& shape() const { return *shape_; }
  // For tools that read bodies by field names. kj's loader is not to be used by several threads at
  // once.
  capnp::StructSchema dynamic() const { return dynamic_; }
  protocol::TreeSchema::Reader schema() const { return reader_; }
  // As stored, and as parse() takes it. 8-byte aligned.
  std::span<const std::uint64_t> message() const { return message_; }

  // The same schema as the catalogue's version `version`.
  std::shared_ptr<const TreeInfo> with_version(std::uint32_t version) const;

  // Both describe the same bodies and options; versions, doc comments, paths of files and the
  // fields of referenced trees aside.
  bool same_schema(const TreeInfo& other) const;

 private:
  TreeInfo() = default;
  // Makes of reader_ what is below it.
  Result<void> load();

  TreeId id_;
  std::string name_;
  std::vector<std::uint64_t> message_;
  protocol::TreeSchema::Reader reader_;  // of message_
  std::unique_ptr<BodyShape> shape_;
  std::unique_ptr<capnp::SchemaLoader> loader_;
  capnp::StructSchema dynamic_;
};

using TreeInfoPtr = std::shared_ptr<const TreeInfo>;

// Whether records of `older` may from now on be read and written by `newer`, and the other way
// round, as Cap'n Proto's SchemaLoader judges. Errors: incompatible_schema, naming the tree and the
// reason.
enum class SchemaChange { none, older, newer };
Result<SchemaChange> compare_schemas(const TreeInfo& stored, const TreeInfo& offered);

// The trees of one database. A value; copies share the infos.
class Catalogue {
 public:
  TreeInfoPtr find(TreeId id) const;
  TreeInfoPtr find(std::string_view name) const;
  // Adds, or replaces the tree of the same id.
  void put(TreeInfoPtr tree);
  // In the order of ids.
  const std::map<TreeId, TreeInfoPtr>& trees() const { return trees_; }

  // "parts:4711.2", or the tree's id in hex where the tree is unknown.
  std::string format(AnyKey key) const;
  // Errors: bad_request (not a key), unknown_tree.
  Result<AnyKey> parse(std::string_view text) const;

 private:
  std::map<TreeId, TreeInfoPtr> trees_;
};

}  // namespace coppice
