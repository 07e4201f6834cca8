#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <capnp/schema-loader.h>

#include "coppice/error.h"
#include "coppice/key.h"
#include "coppice/protocol.capnp.h"
#include "schema/body_shape.h"
#include "schema/field_map.h"
#include "schema/index_plan.h"
#include "schema/lifecycle.h"

namespace coppice {

// What an authority says of a schema when it makes it a version of the tree's.
struct Adoption {
  std::uint32_t version = 0;
  std::uint32_t generation = 0;
  std::int64_t time_us = 0;
  std::string from = {};  // "Ann, bench 3"
};

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
  // Versions of one generation read and write each other's bodies.
  std::uint32_t generation() const { return reader_.getGeneration(); }
  std::uint16_t released_state() const { return reader_.getReleasedState(); }
  std::uint16_t superseded_state() const { return reader_.getSupersededState(); }
  bool comment_on_check_in() const { return reader_.getCommentOnCheckIn(); }
  const Lifecycle& lifecycle() const { return lifecycle_; }
  schema::Children children() const { return reader_.getChildren(); }
  // Whether a new reference to one of its obsolete revisions is refused.
  bool refuses_obsolete() const { return refuses_obsolete_; }
  // Programs whose own schema has a lower number may only read.
  std::uint32_t minimum_writer() const { return reader_.getMinimumWriter(); }

  const BodyShape& shape() const { return *shape_; }
  const IndexPlan& indexes() const { return indexes_; }
  // What can be asked for, indexed or not.
  const FieldMap& fields() const { return fields_; }
  // For tools that read bodies by field names. kj's loader is not to be used by several threads at
  // once.
  capnp::StructSchema dynamic() const { return dynamic_; }
  protocol::TreeSchema::Reader schema() const { return reader_; }
  // As stored, and as parse() takes it. 8-byte aligned.
  std::span<const std::uint64_t> message() const { return message_; }

  // The same schema as a version of the catalogue.
  std::shared_ptr<const TreeInfo> as_adopted(const Adoption& adoption) const;
  std::shared_ptr<const TreeInfo> with_version(std::uint32_t version) const {
    return as_adopted({.version = version});
  }

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
  IndexPlan indexes_;
  FieldMap fields_;
  Lifecycle lifecycle_;
  bool refuses_obsolete_ = false;
  std::unique_ptr<capnp::SchemaLoader> loader_;
  capnp::StructSchema dynamic_;
};

using TreeInfoPtr = std::shared_ptr<const TreeInfo>;

}  // namespace coppice
