#include "schema/tree_info.h"

#include <algorithm>
#include <cstring>
#include <map>

#include <capnp/message.h>
#include <capnp/serialize.h>

#include "schema/body_types.h"

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

std::map<std::uint64_t, std::vector<std::uint64_t>> all_portable_words(const BodyTypes& types) {
  std::map<std::uint64_t, std::vector<std::uint64_t>> words;
  for (const auto& [id, node] : types) words.emplace(id, portable_words(node));
  return words;
}

std::vector<std::uint64_t> options_of(const TreeInfo& tree) {
  const auto schema = tree.schema();
  return {tree.id().value,
          tree.versioned(),
          tree.released_state(),
          tree.superseded_state(),
          tree.comment_on_check_in(),
          static_cast<std::uint64_t>(schema.getChildren()),
          static_cast<std::uint64_t>(schema.getObsolete()),
          tree.minimum_writer()};
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
    auto nodes =
        message.initRoot<protocol::TreeSchema>().initNodes(static_cast<unsigned>(types.size()));
    unsigned i = 0;
    for (const auto& [id, node] : types) nodes.setWithCaveats(i++, node);
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
    auto indexes = IndexPlan::compile(dynamic_);
    if (!indexes) return unusable("Tree '" + name_ + "': " + indexes.error().message);
    indexes_ = std::move(*indexes);
    fields_ = FieldMap::compile(dynamic_);
    auto lifecycle = Lifecycle::compile(reader_);
    if (!lifecycle) return unusable("Tree '" + name_ + "': " + lifecycle.error().message);
    lifecycle_ = std::move(*lifecycle);
    refuses_obsolete_ =
        reader_.getObsolete() == schema::ObsoletePolicy::REFUSE &&
        std::ranges::any_of(lifecycle_.states(), [](const auto& state) { return state.obsolete; });
  } catch (const kj::Exception& e) {
    return unusable("The schema of tree '" + name_ +
                    "' cannot be loaded: " + e.getDescription().cStr() + ".");
  }
  return {};
}

TreeInfoPtr TreeInfo::as_adopted(const Adoption& adoption) const {
  capnp::MallocMessageBuilder message;
  message.setRoot(reader_);
  auto schema = message.getRoot<protocol::TreeSchema>();
  schema.setVersion(adoption.version);
  schema.setGeneration(adoption.generation);
  schema.setAdopted(adoption.time_us);
  schema.setAdoptedFrom(adoption.from);
  return parse(schema.asReader()).value();
}

bool TreeInfo::same_schema(const TreeInfo& other) const {
  return name() == other.name() && options_of(*this) == options_of(other) &&
         lifecycle_ == other.lifecycle_ &&
         all_portable_words(body_types(dynamic_)) == all_portable_words(body_types(other.dynamic_));
}

}  // namespace coppice
