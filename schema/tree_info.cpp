#include "schema/tree_info.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include <capnp/message.h>
#include <capnp/serialize.h>

namespace coppice {
namespace {

Error unusable(std::string why) { return error(Errc::incompatible_schema, std::move(why)); }

bool is_tree_name(std::string_view name) {
  auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= 64 && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), allowed);
}

// A schema message is larger than a record, but a stranger's all the same.
constexpr std::size_t kSchemaWordsMax = 1u << 20;

protocol::TreeSchema::Reader read_trusted(std::span<const std::uint64_t> words) {
  return capnp::readMessageUnchecked<protocol::TreeSchema>(reinterpret_cast<const capnp::word*>(words.data()));
}

}  // namespace

Result<TreeInfoPtr> TreeInfo::parse(std::span<const std::uint64_t> message) {
  if (message.empty() || message.size() > kSchemaWordsMax) return unusable("The schema is empty or larger than 8 MiB.");
  kj::ArrayPtr<const capnp::word> segments[1] = {
      {reinterpret_cast<const capnp::word*>(message.data()), message.size()}};
  try {
    capnp::SegmentArrayMessageReader reader(segments, {.traversalLimitInWords = 4 * kSchemaWordsMax});
    return parse(reader.getRoot<protocol::TreeSchema>());
  } catch (const kj::Exception& e) {
    return unusable(std::string("The schema is damaged: ") + e.getDescription().cStr() + ".");
  }
}

Result<TreeInfoPtr> TreeInfo::parse(protocol::TreeSchema::Reader schema) {
  std::shared_ptr<TreeInfo> info(new TreeInfo);
  try {
    info->message_ = canonical_words(schema);
    info->reader_ = read_trusted(info->message_);
    info->id_ = TreeId{info->reader_.getTree()};
    info->name_ = info->reader_.getName();
    if (!is_tree_name(info->name_)) {
      return unusable("'" + info->name_ + "' is no name for a tree: use lower case letters, digits, '_' and '-', " +
                      "a letter first, at most 64 of them.");
    }
    // Loading checks every node and that they fit together; missing ones (of a Ref's target, say) become placeholders.
    info->loader_ = std::make_unique<capnp::SchemaLoader>();
    for (auto node : info->reader_.getNodes()) info->loader_->load(node);
    KJ_IF_MAYBE (root, info->loader_->tryGet(info->id_.value)) {
      if (!root->getProto().isStruct()) return unusable("The root of tree '" + info->name_ + "' is not a struct.");
      info->dynamic_ = root->asStruct();
    } else {
      return unusable("The schema of tree '" + info->name_ + "' lacks its own struct.");
    }
    info->shape_ = std::make_unique<BodyShape>(info->id_.value, info->reader_.getNodes());
  } catch (const kj::Exception& e) {
    return unusable("The schema of tree '" + info->name_ + "' cannot be loaded: " + e.getDescription().cStr() + ".");
  }
  return TreeInfoPtr(std::move(info));
}

TreeInfoPtr TreeInfo::with_version(std::uint32_t version) const {
  capnp::MallocMessageBuilder message;
  message.setRoot(reader_);
  message.getRoot<protocol::TreeSchema>().setVersion(version);
  return parse(message.getRoot<protocol::TreeSchema>().asReader()).value();
}

bool TreeInfo::same_schema(const TreeInfo& other) const {
  auto stripped = [](const TreeInfo& info) {
    capnp::MallocMessageBuilder message;
    message.setRoot(info.schema());
    auto root = message.getRoot<protocol::TreeSchema>();
    root.setVersion(0);
    root.disownSourceInfo();
    return canonical_words(root.asReader());
  };
  return stripped(*this) == stripped(other);
}

Result<SchemaChange> compare_schemas(const TreeInfo& stored, const TreeInfo& offered) {
  if (stored.same_schema(offered)) return SchemaChange::none;
  if (stored.versioned() != offered.versioned()) {
    return unusable("Tree '" + stored.name() + "' cannot change whether it is versioned.");
  }
  capnp::SchemaLoader loader;
  try {
    for (auto node : stored.schema().getNodes()) loader.load(node);
    for (auto node : offered.schema().getNodes()) loader.load(node);
  } catch (const kj::Exception& e) {
    return unusable("The schema of tree '" + stored.name() + "' that this program has is not compatible with the stored one: " +
                    e.getDescription().cStr() + ". Nothing was changed. Keep the old field and add a new one beside it.");
  }
  // The loader keeps the newer of two compatible nodes: where it replaced a stored node, the offered schema is newer.
  auto newest = loader.get(stored.id().value).getProto();
  auto size = [](capnp::schema::Node::Reader node) { return node.getStruct().getFields().size(); };
  bool newer = size(newest) > size(stored.dynamic().getProto()) || size(offered.dynamic().getProto()) >= size(newest);
  return newer ? SchemaChange::newer : SchemaChange::older;
}

TreeInfoPtr Catalogue::find(TreeId id) const {
  auto found = trees_.find(id);
  return found == trees_.end() ? nullptr : found->second;
}

TreeInfoPtr Catalogue::find(std::string_view name) const {
  for (const auto& [id, tree] : trees_) {
    if (tree->name() == name) return tree;
  }
  return nullptr;
}

void Catalogue::put(TreeInfoPtr tree) { trees_[tree->id()] = std::move(tree); }

std::string Catalogue::format(AnyKey key) const {
  if (auto tree = find(key.tree)) return format_key(tree->name(), key.word);
  char hex[24];
  std::snprintf(hex, sizeof hex, "@0x%016llx", static_cast<unsigned long long>(key.tree.value));
  return format_key(hex, key.word);
}

Result<AnyKey> Catalogue::parse(std::string_view text) const {
  auto parsed = parse_key(text);
  if (!parsed) {
    return error(Errc::bad_request, "'" + std::string(text) + "' is not a key; keys look like parts:4711.2 or parts:4711.");
  }
  auto tree = find(parsed->tree);
  if (!tree) return error(Errc::unknown_tree, "There is no tree named '" + parsed->tree + "' here.");
  return AnyKey(tree->id(), parsed->word);
}

}  // namespace coppice
