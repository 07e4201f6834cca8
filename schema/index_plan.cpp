#include "schema/index_plan.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "schema/field_way.h"
#include "schema/index_field.h"
#include "schema/index_nodes.h"

namespace coppice {
namespace {

using capnp::StructSchema;
using Proto = capnp::schema::Field;
using Node = IndexPlan::Node;

struct SchemaHash {
  std::size_t operator()(const capnp::Schema& schema) const { return schema.hashCode(); }
};

// What lies in a struct or in what it holds, at any depth.
struct Reach {
  bool declared = false;
  bool references = false;
};

Error refused(std::string why) { return error(Errc::incompatible_schema, std::move(why)); }

}  // namespace

// Builds a plan's nodes. One per compilation.
class IndexCompiler {
 public:
  IndexCompiler(std::vector<IndexPlan::Index>& indexes, std::vector<std::unique_ptr<Node>>& nodes)
      : indexes_(indexes), nodes_(nodes) {}

  const Node* compile(StructSchema root) {
    const Reach reach = reach_of(root);
    if (!reach.declared && !reach.references) return nullptr;
    const Node* node = reach.declared ? node_on_way(root, {}) : shared_node(root);
    // A list of what is left rather than a recursion: a stranger's schema may be a very long chain.
    while (!pending_.empty()) {
      auto [schema, pending] = pending_.back();
      pending_.pop_back();
      add_fields(schema, {}, {}, *pending);
    }
    if (!searched_.empty()) add_joint(IndexPlan::Kind::search, searched_);
    if (!referring_.empty()) add_joint(IndexPlan::Kind::references, referring_);
    return node;
  }
  const std::optional<std::string>& problem() const { return problem_; }

 private:
  Reach reach_of(StructSchema root) {
    if (auto known = reaches_.find(root); known != reaches_.end()) return known->second;
    Reach reach;
    std::unordered_set<capnp::Schema, SchemaHash> seen;
    std::vector<StructSchema> left = {root};
    while (!left.empty()) {
      auto schema = left.back();
      left.pop_back();
      if (!seen.insert(schema).second) continue;
      for (auto field : schema.getFields()) {
        reach.declared |= index_wishes(field.getProto()).any();
        std::uint32_t lists = 0;
        auto type = element_of_lists(field.getType(), lists);
        if (is_reference(type)) {
          reach.references = true;
        } else if (type.isStruct()) {
          left.push_back(type.asStruct());
        }
      }
    }
    reaches_.emplace(root, reach);
    return reach;
  }

  Node* new_node() { return nodes_.emplace_back(std::make_unique<Node>()).get(); }

  // A struct with declared fields in it: another node for each way to it, unless that leads
  // through the struct itself.
  const Node* node_on_way(StructSchema schema, const FieldWay& way) {
    for (const auto& [above, node] : on_way_) {
      if (above == schema) return node;
    }
    Node* node = new_node();
    // Bodies are not deeper, and nobody means as many.
    if (on_way_.size() == BodyShape::kDepthMax || nodes_.size() > 16 * IndexPlan::kIndexesMax) {
      problem_ = "has annotated fields in too many places";
      return node;
    }
    on_way_.emplace_back(schema, node);
    add_fields(schema, {}, way, *node);
    on_way_.pop_back();
    return node;
  }

  // A struct with references only: one node, wherever it lies.
  const Node* shared_node(StructSchema schema) {
    auto [known, is_new] = shared_.emplace(schema, nullptr);
    if (is_new) {
      known->second = new_node();
      pending_.emplace_back(schema, known->second);
    }
    return known->second;
  }

  void add_fields(StructSchema schema, const std::vector<Discriminant>& within, const FieldWay& way,
                  Node& node) {
    auto discriminant = schema.getProto().getStruct().getDiscriminantOffset();
    for (auto field : schema.getFields()) {
      if (problem_) return;
      auto proto = field.getProto();
      auto when = within;
      if (proto.getDiscriminantValue() != Proto::NO_DISCRIMINANT)
        when.push_back({discriminant, proto.getDiscriminantValue()});
      FieldWay here = way.to(proto, discriminant);
      if (auto objection = index_objection(field)) problem_ = here.name + " " + *objection;
      if (proto.isGroup()) {
        add_fields(field.getType().asStruct(), when, here.into_group(), node);
      } else {
        add_slot(field, std::move(when), std::move(here), node);
      }
    }
  }

  void add_slot(StructSchema::Field field, std::vector<Discriminant> when, FieldWay way,
                Node& node) {
    Node::Place place{std::move(when), field.getProto().getSlot().getOffset(), 0};
    auto type = element_of_lists(field.getType(), place.lists);
    const auto value = value_type(type);
    if (value) return add_leaf(field, type, *value, std::move(place), way, node);
    if (!type.isStruct()) return;
    const Reach reach = reach_of(type.asStruct());
    if (!reach.declared && !reach.references) return;
    const Node* below =
        reach.declared ? node_on_way(type.asStruct(), way.into_struct(place.lists, place.offset))
                       : shared_node(type.asStruct());
    node.branches.push_back({std::move(place), below});
  }

  void add_leaf(StructSchema::Field field, capnp::Type type, ValueType value, Node::Place place,
                FieldWay way, Node& node) {
    const IndexWishes wishes = index_wishes(field.getProto());
    if (!wishes.any() && value != ValueType::reference) return;
    const std::string location = way.values(place.lists, value, place.offset);
    Node::Leaf leaf{std::move(place), value, 0, std::nullopt, wishes.search, TreeId{}};
    const auto preset = leaf.place.lists > 0
                            ? zero_value(value)
                            : default_value(value, field.getProto().getSlot().getDefaultValue());
    leaf.default_bits = preset.bits;
    std::uint64_t type_id = value == ValueType::enumeration ? type.asEnum().getProto().getId() : 0;
    if (value == ValueType::reference) {
      type_id = target_of(type);
      leaf.target = TreeId{type_id};
      referring_ += location + ">" + std::to_string(type_id) + ";";
    }
    if (wishes.search) searched_ += location + ";";
    if (wishes.index || wishes.unique) {
      leaf.index = static_cast<unsigned>(indexes_.size());
      const auto kind = wishes.unique ? IndexPlan::Kind::unique : IndexPlan::Kind::ordered;
      add_index({kind, field_id(location), way.name, value, preset.ordered, type_id});
    }
    node.leaves.push_back(std::move(leaf));
  }

  void add_index(IndexPlan::Index index) {
    if (indexes_.size() == IndexPlan::kIndexesMax) problem_ = index.name + " is one index too many";
    indexes_.push_back(std::move(index));
  }

  void add_joint(IndexPlan::Kind kind, const std::string& locations) {
    add_index({kind, field_id(locations), {}});
  }

  std::vector<IndexPlan::Index>& indexes_;
  std::vector<std::unique_ptr<Node>>& nodes_;
  std::vector<std::pair<StructSchema, Node*>> on_way_;
  std::unordered_map<capnp::Schema, Node*, SchemaHash> shared_;
  std::vector<std::pair<StructSchema, Node*>> pending_;
  std::unordered_map<capnp::Schema, Reach, SchemaHash> reaches_;
  std::string searched_;
  std::string referring_;
  std::optional<std::string> problem_;
};

IndexPlan::IndexPlan() = default;
IndexPlan::~IndexPlan() = default;
IndexPlan::IndexPlan(IndexPlan&&) noexcept = default;
IndexPlan& IndexPlan::operator=(IndexPlan&&) noexcept = default;

Result<IndexPlan> IndexPlan::compile(StructSchema root) {
  IndexPlan plan;
  IndexCompiler compiler(plan.indexes_, plan.nodes_);
  plan.root_ = compiler.compile(root);
  if (compiler.problem()) return refused("Field " + *compiler.problem() + ".");
  return plan;
}

std::optional<unsigned> IndexPlan::find(FieldId field) const {
  for (unsigned i = 0; i < indexes_.size(); ++i) {
    if (indexes_[i].field == field && indexes_[i].kind <= Kind::unique) return i;
  }
  return std::nullopt;
}

std::optional<unsigned> IndexPlan::find(std::string_view name) const {
  for (unsigned i = 0; i < indexes_.size(); ++i) {
    if (indexes_[i].name == name && indexes_[i].kind <= Kind::unique) return i;
  }
  return std::nullopt;
}

std::optional<unsigned> IndexPlan::find(Kind kind) const {
  for (unsigned i = 0; i < indexes_.size(); ++i) {
    if (indexes_[i].kind == kind) return i;
  }
  return std::nullopt;
}

}  // namespace coppice
