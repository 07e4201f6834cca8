#include "schema/field_map.h"

#include "schema/field_reader.h"
#include "schema/field_way.h"
#include "schema/index_field.h"

namespace coppice {
namespace {

using capnp::StructSchema;
using Proto = capnp::schema::Field;

}  // namespace

// Builds a FieldMap. One per compilation.
//
// Structs are dealt with in the order of their depth, so that what is left out of a schema with too
// many fields lies deep. Fields are put in the order of the schema at the end.
class FieldMapCompiler {
 public:
  explicit FieldMapCompiler(FieldMap& map) : map_(map) {}

  void compile(StructSchema root) {
    new_node(root, std::nullopt, 0, {});
    for (unsigned node = 0; node < map_.nodes_.size(); ++node) {
      const Struct here = structs_[node];
      add_fields(here.schema, {}, here.way, node);
    }
    put_in_order(0);
    for (auto& field : map_.fields_) judge(field);
  }

 private:
  // What is known of a node while it is built, by its number.
  struct Struct {
    StructSchema schema;
    FieldWay way;
  };

  // A stranger's schema may also have very many fields that have no name, in very many places.
  static constexpr std::size_t kLookedAtMax = 16 * FieldMap::kFieldsMax;

  bool is_full() const {
    return found_.size() >= FieldMap::kFieldsMax || looked_at_ >= kLookedAtMax;
  }

  unsigned new_node(StructSchema schema, std::optional<unsigned> above, unsigned above_slot,
                    FieldWay way) {
    map_.nodes_.push_back({{}, above, above_slot, false});
    structs_.push_back({schema, std::move(way)});
    return static_cast<unsigned>(map_.nodes_.size() - 1);
  }

  // The node of the same struct on the way to this one, itself included.
  std::optional<unsigned> on_way(unsigned node, StructSchema schema) const {
    for (std::optional<unsigned> at = node; at; at = map_.nodes_[*at].above) {
      if (structs_[*at].schema == schema) return at;
    }
    return std::nullopt;
  }

  void add_fields(StructSchema schema, const std::vector<Discriminant>& within, const FieldWay& way,
                  unsigned node) {
    const auto discriminant = schema.getProto().getStruct().getDiscriminantOffset();
    for (auto field : schema.getFields()) {
      if (is_full()) return;
      ++looked_at_;
      const auto proto = field.getProto();
      const bool is_member = proto.getDiscriminantValue() != Proto::NO_DISCRIMINANT;
      FieldMap::Slot slot;
      slot.when = within;
      if (is_member) slot.when.push_back({discriminant, proto.getDiscriminantValue()});
      const FieldWay here = way.to(proto, discriminant);
      if (proto.isGroup()) {
        const auto when = slot.when;
        if (is_member) add_slot(node, std::move(slot), here, here.location + "g", 0);
        add_fields(field.getType().asStruct(), when, here.into_group(), node);
      } else {
        slot.offset = proto.getSlot().getOffset();
        add_slot_of(field, node, std::move(slot), here, is_member);
      }
    }
  }

  void add_slot_of(StructSchema::Field field, unsigned node, FieldMap::Slot slot,
                   const FieldWay& way, bool is_member) {
    const auto type = element_of_lists(field.getType(), slot.lists);
    if (const auto value = value_type(type)) {
      slot.type = *value;
      if (slot.lists == 0)
        slot.default_bits =
            default_value(*value, field.getProto().getSlot().getDefaultValue()).bits;
      const auto location = way.values(slot.lists, *value, slot.offset);
      add_slot(node, std::move(slot), way, location, type_id_of(*value, type));
      found_.back().is_searched = index_wishes(field.getProto()).search;
      return;
    }
    slot.has_pointer = type.isStruct() || slot.lists > 0;
    if (!slot.has_pointer && !(type.isVoid() && is_member)) return;
    const auto location = way.values(slot.lists, ValueType::presence, slot.offset);
    const auto number = add_slot(node, std::move(slot), way, location, 0);
    if (type.isStruct()) lead_on(type.asStruct(), node, number, way);
  }

  unsigned add_slot(unsigned node, FieldMap::Slot slot, const FieldWay& way,
                    const std::string& location, std::uint64_t type_id) {
    auto& slots = map_.nodes_[node].slots;
    const auto number = static_cast<unsigned>(slots.size());
    slot.field = static_cast<unsigned>(found_.size());
    found_.push_back({.name = way.name,
                      .id = field_id(location),
                      .type = slot.type,
                      .type_id = type_id,
                      .node = node,
                      .slot = number});
    slots.push_back(std::move(slot));
    return number;
  }

  void lead_on(StructSchema schema, unsigned node, unsigned number, const FieldWay& way) {
    if (const auto again = on_way(node, schema)) {
      map_.nodes_[*again].is_entered_again = true;
      map_.nodes_[node].slots[number].below = *again;
      return;
    }
    if (is_full()) return;
    const FieldMap::Slot& slot = map_.nodes_[node].slots[number];
    const auto inside = way.into_struct(slot.lists, slot.offset);
    const unsigned below = new_node(schema, node, number, inside);
    map_.nodes_[node].slots[number].below = below;
  }

  std::uint64_t type_id_of(ValueType value, capnp::Type type) {
    if (value == ValueType::reference) return target_of(type);
    if (value != ValueType::enumeration) return 0;
    const auto proto = type.asEnum().getProto();
    auto [names, is_new] = map_.enums_.try_emplace(proto.getId());
    if (is_new) {
      for (auto enumerant : proto.getEnum().getEnumerants())
        names->second.push_back(enumerant.getName());
    }
    return proto.getId();
  }

  // Gives the fields of a node, and of those that it leads to first, their places in fields().
  void put_in_order(unsigned node) {
    auto& slots = map_.nodes_[node].slots;
    for (unsigned i = 0; i < slots.size(); ++i) {
      FieldMap::Slot& slot = slots[i];
      const auto place = static_cast<unsigned>(map_.fields_.size());
      map_.fields_.push_back(std::move(found_[slot.field]));
      slot.field = place;
      map_.by_id_.emplace(map_.fields_.back().id.value, place);
      map_.by_name_.emplace(map_.fields_.back().name, place);
      const bool is_first_way = slot.below && map_.nodes_[*slot.below].above == node &&
                                map_.nodes_[*slot.below].above_slot == i;
      if (is_first_way) put_in_order(*slot.below);
    }
  }

  // How many values a record has of a field.
  void judge(FieldMap::Field& field) const {
    const FieldMap::Slot& slot = map_.nodes_[field.node].slots[field.slot];
    field.is_single = slot.lists == 0;
    field.is_always_there = slot.lists == 0 && slot.when.empty() && field.node == 0 &&
                            field.type != ValueType::presence && field.type < ValueType::text;
    unsigned node = field.node;
    field.is_single &= !map_.nodes_[node].is_entered_again;
    while (map_.nodes_[node].above) {
      const FieldMap::Node& here = map_.nodes_[node];
      node = *here.above;
      field.is_single &= map_.nodes_[node].slots[here.above_slot].lists == 0 &&
                         !map_.nodes_[node].is_entered_again;
    }
  }

  FieldMap& map_;
  std::vector<Struct> structs_;
  std::vector<FieldMap::Field> found_;
  std::size_t looked_at_ = 0;
};

FieldMap FieldMap::compile(StructSchema root) {
  FieldMap map;
  FieldMapCompiler(map).compile(root);
  return map;
}

const FieldMap::Field* FieldMap::find(FieldId id) const {
  const auto found = by_id_.find(id.value);
  return found == by_id_.end() ? nullptr : &fields_[found->second];
}

const FieldMap::Field* FieldMap::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &fields_[found->second];
}

const std::vector<std::string>& FieldMap::enumerants(std::uint64_t type_id) const {
  static const std::vector<std::string> kNone;
  const auto found = enums_.find(type_id);
  return found == enums_.end() ? kNone : found->second;
}

FieldReader FieldMap::reader(const Field& field) const {
  // Nodes from which the field is reached, found from its end.
  std::vector<bool> leads(nodes_.size());
  leads[field.node] = true;
  for (bool is_news = true; is_news;) {
    is_news = false;
    for (std::size_t node = nodes_.size(); node-- > 0;) {
      if (leads[node]) continue;
      for (const Slot& slot : nodes_[node].slots) {
        if (slot.below && leads[*slot.below]) leads[node] = true;
      }
      is_news |= leads[node];
    }
  }
  FieldReader reader;
  std::vector<unsigned> places(nodes_.size());
  for (unsigned node = 0, place = 0; node < nodes_.size(); ++node) {
    if (leads[node]) places[node] = place++;
  }
  for (unsigned node = 0; node < nodes_.size(); ++node) {
    if (!leads[node]) continue;
    FieldReader::Node& kept = reader.nodes_.emplace_back();
    if (node == field.node) {
      kept.value = nodes_[node].slots[field.slot];
      kept.value->below.reset();
    }
    for (const Slot& slot : nodes_[node].slots) {
      if (!slot.below || !leads[*slot.below]) continue;
      kept.branches.push_back(slot);
      kept.branches.back().below = places[*slot.below];
    }
  }
  return reader;
}

}  // namespace coppice
