#include "schema/compiled_tree.h"

#include <set>

#include <capnp/message.h>

#include "coppice/protocol.capnp.h"
#include "schema/body_shape.h"

namespace coppice {
namespace {

using capnp::schema::Brand;
using capnp::schema::Field;
using capnp::schema::Node;
using capnp::schema::Type;

// Finds the nodes that a tree's schema needs.
class Closure {
 public:
  explicit Closure(const CompilerRequest& request) : request_(request) {}

  // Adds a node and all that a reader of it needs. Types that the request does not have are left
  // out.
  void follow(std::uint64_t id) {
    auto node = request_.find(id);
    if (!node || !followed_.insert(id).second) return;
    name(id);
    follow_annotations(node->getAnnotations());
    if (node->getIsGeneric()) name(node->getScopeId());
    if (node->isStruct()) follow_fields(node->getStruct());
    if (node->isEnum()) {
      for (auto enumerant : node->getEnum().getEnumerants()) {
        follow_annotations(enumerant.getAnnotations());
      }
    }
    if (node->isAnnotation()) follow_type(node->getAnnotation().getType());
  }

  const std::set<std::uint64_t>& ids() const { return ids_; }

 private:
  // Adds a node alone.
  void name(std::uint64_t id) {
    if (request_.find(id)) ids_.insert(id);
  }

  void follow_fields(Node::Struct::Reader layout) {
    for (auto field : layout.getFields()) {
      follow_annotations(field.getAnnotations());
      if (field.isGroup()) {
        follow(field.getGroup().getTypeId());
      } else {
        follow_type(field.getSlot().getType());
      }
    }
  }

  void follow_annotations(capnp::List<capnp::schema::Annotation>::Reader uses) {
    for (auto use : uses) follow(use.getId());
  }

  void follow_type(Type::Reader type) {
    switch (type.which()) {
      case Type::LIST:
        return follow_type(type.getList().getElementType());
      case Type::ENUM:
        return follow(type.getEnum().getTypeId());
      case Type::STRUCT: {
        auto id = type.getStruct().getTypeId();
        follow(id);
        return follow_brand(type.getStruct().getBrand(), id == capnp::typeId<schema::Ref<>>());
      }
      default:
        return;
    }
  }

  // A generic struct stores what it is bound to, except Ref, which only names it.
  void follow_brand(Brand::Reader brand, bool only_named) {
    for (auto scope : brand.getScopes()) {
      if (!scope.isBind()) continue;
      for (auto binding : scope.getBind()) {
        if (!binding.isType()) continue;
        auto type = binding.getType();
        if (only_named && type.isStruct()) {
          name(type.getStruct().getTypeId());
        } else {
          follow_type(type);
        }
      }
    }
  }

  const CompilerRequest& request_;
  std::set<std::uint64_t> ids_;
  std::set<std::uint64_t> followed_;
};

// Display names begin with the file's path, which depends on the machine and on --src-prefix: only
// its last part stays.
void forget_folder(Node::Builder node) {
  std::string display = node.asReader().getDisplayName();
  auto slash = display.rfind('/');
  if (slash == std::string::npos) return;
  auto cut = static_cast<std::uint32_t>(slash + 1);
  node.setDisplayName(display.substr(cut));
  auto prefix = node.getDisplayNamePrefixLength();
  node.setDisplayNamePrefixLength(prefix > cut ? prefix - cut : 0);
}

void fill_nodes(protocol::TreeSchema::Builder schema, const CompilerRequest& request,
                const std::vector<std::uint64_t>& ids) {
  auto nodes = schema.initNodes(static_cast<unsigned>(ids.size()));
  for (unsigned i = 0; i < ids.size(); ++i) {
    nodes.setWithCaveats(i, *request.find(ids[i]));
    forget_folder(nodes[i]);
  }
}

void fill_comments(protocol::TreeSchema::Builder schema, const CompilerRequest& request,
                   const std::vector<std::uint64_t>& ids) {
  std::vector<Node::SourceInfo::Reader> infos;
  for (auto id : ids) {
    if (auto info = request.comments(id)) infos.push_back(*info);
  }
  auto list = schema.initSourceInfo(static_cast<unsigned>(infos.size()));
  for (unsigned i = 0; i < infos.size(); ++i) list.setWithCaveats(i, infos[i]);
}

}  // namespace

std::vector<std::uint64_t> compiled_tree(const CompilerRequest& request,
                                         capnp::schema::Node::Reader root) {
  Closure closure(request);
  closure.follow(root.getId());
  std::vector<std::uint64_t> ids = {root.getId()};
  for (auto id : closure.ids()) {
    if (id != root.getId()) ids.push_back(id);
  }

  capnp::MallocMessageBuilder message;
  auto schema = message.initRoot<protocol::TreeSchema>();
  auto options = *tree_annotation(root);
  schema.setTree(root.getId());
  schema.setName(options.getName());
  schema.setVersioned(options.getVersioned());
  schema.setReleasedState(options.getReleasedState());
  schema.setSupersededState(options.getSupersededState());
  schema.setCommentOnCheckIn(options.getCommentOnCheckIn());
  schema.setStates(options.getStates());
  schema.setSteps(options.getSteps());
  schema.setChildren(options.getChildren());
  schema.setObsolete(options.getObsolete());
  schema.setMinimumWriter(options.getMinimumWriter());
  fill_nodes(schema, request, ids);
  fill_comments(schema, request, ids);
  return canonical_words(schema.asReader());
}

}  // namespace coppice
