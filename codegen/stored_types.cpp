#include "codegen/stored_types.h"

#include <unordered_set>

#include "schema/index_plan.h"

namespace coppice::codegen {
namespace {

// `struct Pair(T) { next @0 :Pair(List(T)); }` has types without end; no honest schema has this
// many.
constexpr std::size_t kBoundStructsMax = 4096;

using Refused = std::function<void(std::string)>;

struct SchemaHash {
  std::size_t operator()(const capnp::Schema& schema) const { return schema.hashCode(); }
};

// One walk over a body's struct types, each bound one once.
class Walk {
 public:
  Walk(const CompilerRequest& request, capnp::StructSchema root, const Refused& refused)
      : request_(request), root_(root), refused_(refused) {}

  void run() { check_struct(root_); }

 private:
  void check_struct(capnp::StructSchema schema) {
    if (seen_.size() > kBoundStructsMax || !seen_.insert(schema).second) return;
    if (seen_.size() > kBoundStructsMax) {
      return refused_(
          "its generic structs contain each other with ever new parameters; write the " +
          std::string("type out that is meant"));
    }
    for (auto field : schema.getFields()) {
      if (auto objection = index_objection(field)) refused_(place(field) + " " + *objection);
      check_type(field, field.getType());
    }
  }

  void check_type(capnp::StructSchema::Field field, capnp::Type type) {
    if (type.isList()) return check_type(field, type.asList().getElementType());
    if (type.isInterface()) {
      return refused_(
          place(field) +
          " is an interface, and a capability cannot be stored; hold a reference or a " +
          "value instead");
    }
    if (type.isAnyPointer()) {
      return refused_(
          place(field) +
          " has no type of its own (AnyPointer or an unbound type parameter), so nobody " +
          "could check what is stored in it; give it a type, or make it Data");
    }
    if (!type.isStruct()) return;
    auto target = type.asStruct();
    if (target.getProto().getId() == capnp::typeId<schema::Ref<>>())
      return check_ref(field, target);
    check_struct(target);
  }

  void check_ref(capnp::StructSchema::Field field, capnp::StructSchema ref) {
    auto arguments = ref.getBrandArgumentsAtScope(capnp::typeId<schema::Ref<>>());
    auto target = arguments.size() == 1 ? arguments[0] : capnp::Type(capnp::schema::Type::VOID);
    if (!target.isStruct()) {
      return refused_(
          place(field) +
          " refers to no tree; write Coppice.Ref(X), X being a struct with $Coppice.tree");
    }
    auto node = request_.find(target.asStruct().getProto().getId());
    if (node && tree_annotation(*node)) return;
    auto name = declared_name(target.asStruct().getProto());
    refused_(place(field) + " refers to struct " + name + ", which is no tree; annotate " + name +
             " with $Coppice.tree(name = \"...\"), or hold it by value");
  }

  // "field maker", or "field maker of struct BomLine" for what is further inside.
  std::string place(capnp::StructSchema::Field field) const {
    std::string text = std::string("field ") + field.getProto().getName().cStr();
    auto owner = field.getContainingStruct().getProto();
    if (owner.getId() == root_.getProto().getId()) return text;
    return text + " of " + declared_name(owner);
  }

  const CompilerRequest& request_;
  capnp::StructSchema root_;
  const Refused& refused_;
  std::unordered_set<capnp::Schema, SchemaHash> seen_;
};

}  // namespace

void check_stored_types(const CompilerRequest& request, capnp::StructSchema root,
                        const Refused& refused) {
  Walk(request, root, refused).run();
}

}  // namespace coppice::codegen
