#include "schema/tree_info.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>
#include <unordered_set>

#include <capnp/message.h>
#include <capnp/serialize.h>

#include "coppice/tree.capnp.h"

namespace coppice {
namespace {

Error unusable(std::string why) { return error(Errc::incompatible_schema, std::move(why)); }

bool is_tree_name(std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), allowed);
}

// A schema message is larger than a record, but a stranger's all the same.
constexpr std::size_t kSchemaWordsMax = 1u << 20;

using Node = capnp::schema::Node;

struct SchemaHash {
  std::size_t operator()(const capnp::Schema& schema) const { return schema.hashCode(); }
};

// What a tree's bodies are made of. Left out are the nodes that only name something: the trees that
// references point to, which change on their own, and the declarations of annotations.
struct BodyTypes {
  // The structs, groups and enums.
  std::map<std::uint64_t, Node::Reader> nodes;
  // The trees that the reference in a field points to, by struct and index of the field. More than
  // one where a generic struct is used with several parameters.
  std::map<std::pair<std::uint64_t, unsigned>, std::set<std::uint64_t>> targets;
};

capnp::Type element_of_lists(capnp::Type type) {
  while (type.isList()) type = type.asList().getElementType();
  return type;
}

// Notes which trees a field refers to, if its type is Ref.
void add_target(BodyTypes& types, capnp::StructSchema::Field field, capnp::Type type) {
  constexpr auto ref = capnp::typeId<schema::Ref<>>();
  if (type.asStruct().getProto().getId() != ref) return;
  auto owner = field.getContainingStruct().getProto().getId();
  for (auto target : type.asStruct().getBrandArgumentsAtScope(ref)) {
    if (target.isStruct())
      types.targets[{owner, field.getIndex()}].insert(target.asStruct().getProto().getId());
  }
}

BodyTypes body_types(capnp::StructSchema root) {
  BodyTypes types;
  std::unordered_set<capnp::Schema, SchemaHash> seen;
  std::vector<capnp::Schema> pending = {root};
  while (!pending.empty()) {
    auto current = pending.back();
    pending.pop_back();
    if (!seen.insert(current).second) continue;
    types.nodes.emplace(current.getProto().getId(), current.getProto());
    if (!current.getProto().isStruct()) continue;
    for (auto field : current.asStruct().getFields()) {
      auto type = element_of_lists(field.getType());
      if (type.isEnum()) pending.push_back(type.asEnum());
      if (!type.isStruct()) continue;
      pending.push_back(type.asStruct());
      add_target(types, field, type);
    }
  }
  return types;
}

// A node's words without the path of its file, which depends on where and how it was compiled.
std::vector<std::uint64_t> portable_words(Node::Reader node) {
  capnp::MallocMessageBuilder message;
  message.setRoot(node);
  auto copy = message.getRoot<Node>();
  std::string name = node.getDisplayName();
  copy.setDisplayName(
      name.substr(std::min<std::size_t>(node.getDisplayNamePrefixLength(), name.size())));
  copy.setDisplayNamePrefixLength(0);
  return canonical_words(copy.asReader());
}

std::map<std::uint64_t, std::vector<std::uint64_t>> portable_words(const BodyTypes& types) {
  std::map<std::uint64_t, std::vector<std::uint64_t>> words;
  for (const auto& [id, node] : types.nodes) words.emplace(id, portable_words(node));
  return words;
}

std::vector<std::uint64_t> options_of(const TreeInfo& tree) {
  return {tree.id().value, tree.versioned(), tree.released_state(), tree.superseded_state(),
          tree.comment_on_check_in()};
}

// Whether `other` has anything that `base` has not. SchemaLoader keeps the newer one of two
// compatible nodes, and the first of two that are alike. Throws kj::Exception if they are not
// compatible.
bool adds_something(const BodyTypes& base, const BodyTypes& other) {
  capnp::SchemaLoader alone;
  capnp::SchemaLoader both;
  for (const auto& [id, node] : base.nodes) {
    alone.load(node);
    both.load(node);
  }
  for (const auto& [id, node] : other.nodes) both.load(node);
  return std::any_of(base.nodes.begin(), base.nodes.end(), [&](const auto& entry) {
    return portable_words(alone.get(entry.first).getProto()) !=
           portable_words(both.get(entry.first).getProto());
  });
}

// The name of a field whose references point to another tree than they did; empty if there is none.
// For SchemaLoader all references have one type.
std::string retargeted_field(const BodyTypes& stored, const BodyTypes& offered) {
  for (const auto& [field, targets] : stored.targets) {
    auto now = offered.targets.find(field);
    if (now == offered.targets.end() || now->second == targets) continue;
    return stored.nodes.at(field.first).getStruct().getFields()[field.second].getName();
  }
  return {};
}

Error incompatible(const TreeInfo& stored, const std::string& why) {
  return unusable("The schema of tree '" + stored.name() +
                  "' that this program has is not compatible with the stored one: " + why +
                  ". Nothing was changed. Keep the old field and add a new one beside it.");
}

protocol::TreeSchema::Reader read_trusted(std::span<const std::uint64_t> words) {
  return capnp::readMessageUnchecked<protocol::TreeSchema>(
      reinterpret_cast<const capnp::word*>(words.data()));
}

// The shape of a TreeSchema itself, out of what is compiled in. SchemaLoader relies on it: a name
// that is no text, for example, sends its error handling into an endless recursion.
const BodyShape& shape_of_schemas() {
  static const BodyShape shape = [] {
    auto types = body_types(capnp::Schema::from<protocol::TreeSchema>());
    capnp::MallocMessageBuilder message;
    auto nodes = message.initRoot<protocol::TreeSchema>().initNodes(
        static_cast<unsigned>(types.nodes.size()));
    unsigned i = 0;
    for (const auto& [id, node] : types.nodes) nodes.setWithCaveats(i++, node);
    return BodyShape(capnp::typeId<protocol::TreeSchema>(), nodes.asReader());
  }();
  return shape;
}

}  // namespace

Result<TreeInfoPtr> TreeInfo::parse(std::span<const std::uint64_t> message) {
  if (message.empty() || message.size() > kSchemaWordsMax)
    return unusable("The schema is empty or larger than 8 MiB.");
  std::vector<std::uint64_t> scratch;
  auto checked = shape_of_schemas().check(std::as_bytes(message), scratch);
  if (!checked) return unusable("The schema is damaged: " + checked.error().message);
  std::shared_ptr<TreeInfo> info(new TreeInfo);
  info->message_.assign(checked->words().begin(), checked->words().end());
  info->reader_ = read_trusted(info->message_);
  info->id_ = TreeId{info->reader_.getTree()};
  info->name_ = info->reader_.getName();
  if (!is_tree_name(info->name_)) {
    return unusable("'" + info->name_ +
                    "' is no name for a tree: use lower case letters, digits, '_' and '-', " +
                    "a letter first, at most 64 of them.");
  }
  auto loaded = info->load();
  if (!loaded) return loaded.error();
  return TreeInfoPtr(std::move(info));
}

Result<TreeInfoPtr> TreeInfo::parse(protocol::TreeSchema::Reader schema) {
  std::vector<std::uint64_t> words;
  try {
    words = canonical_words(schema);
  } catch (const kj::Exception& e) {
    return unusable(std::string("The schema is damaged: ") + e.getDescription().cStr() + ".");
  }
  return parse(words);
}

Result<void> TreeInfo::load() {
  try {
    // Loading checks every node and that they fit together; missing ones (of a Ref's target, say)
    // become placeholders.
    loader_ = std::make_unique<capnp::SchemaLoader>();
    for (auto node : reader_.getNodes()) loader_->load(node);
    KJ_IF_MAYBE (root, loader_->tryGet(id_.value)) {
      if (!root->getProto().isStruct())
        return unusable("The root of tree '" + name_ + "' is not a struct.");
      dynamic_ = root->asStruct();
    } else {
      return unusable("The schema of tree '" + name_ + "' lacks its own struct.");
    }
    shape_ = std::make_unique<BodyShape>(id_.value, reader_.getNodes());
  } catch (const kj::Exception& e) {
    return unusable("The schema of tree '" + name_ +
                    "' cannot be loaded: " + e.getDescription().cStr() + ".");
  }
  return {};
}

TreeInfoPtr TreeInfo::with_version(std::uint32_t version) const {
  capnp::MallocMessageBuilder message;
  message.setRoot(reader_);
  message.getRoot<protocol::TreeSchema>().setVersion(version);
  return parse(message.getRoot<protocol::TreeSchema>().asReader()).value();
}

bool TreeInfo::same_schema(const TreeInfo& other) const {
  return name() == other.name() && options_of(*this) == options_of(other) &&
         portable_words(body_types(dynamic_)) == portable_words(body_types(other.dynamic_));
}

Result<SchemaChange> compare_schemas(const TreeInfo& stored, const TreeInfo& offered) {
  if (stored.same_schema(offered)) return SchemaChange::none;
  if (stored.versioned() != offered.versioned()) {
    return unusable("Tree '" + stored.name() + "' cannot change whether it is versioned.");
  }
  auto before = body_types(stored.dynamic());
  auto after = body_types(offered.dynamic());
  if (auto field = retargeted_field(before, after); !field.empty()) {
    return incompatible(stored, "field '" + field + "' refers to another tree");
  }
  try {
    bool newer = adds_something(before, after);
    bool older = adds_something(after, before);
    if (newer && older)
      return incompatible(stored, "each of them has something that the other lacks");
    // Neither: names, annotations or options differ, and the last word counts.
    return older ? SchemaChange::older : SchemaChange::newer;
  } catch (const kj::Exception& e) {
    return incompatible(stored, e.getDescription().cStr());
  }
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
    return error(
        Errc::bad_request,
        "'" + std::string(text) + "' is not a key; keys look like parts:4711.2 or parts:4711.");
  }
  auto tree = find(parsed->tree);
  if (!tree)
    return error(Errc::unknown_tree, "There is no tree named '" + parsed->tree + "' here.");
  return AnyKey(tree->id(), parsed->word);
}

}  // namespace coppice
