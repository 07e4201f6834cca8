#include "client/leave_behind.h"

#include <map>
#include <set>

#include "client/apply.h"
#include "client/commit.h"
#include "client/convert.h"
#include "client/drawer.h"
#include "client/handed_in.h"
#include "client/stored_request.h"
#include "schema/compare_schemas.h"

namespace coppice::client {
namespace {

// A tree that begins a generation.
struct Turned {
  // What a body without a number was written by; null: by a schema of the new generation.
  TreeInfoPtr unnumbered;
  // The authority never saw that schema.
  bool is_unseen = false;
};

// It may be of the new generation, or have got a number of which we hear only now.
void settle_unseen(Turned& tree, const TreeHistory& history, const TreeInfo& newest) {
  for (const auto& [number, version] : history) {
    if (number == 0 || !version->info()->same_schema(*tree.unnumbered)) continue;
    tree = {version->info(), false};
    if (version->generation() == newest.generation()) tree = {};
    return;
  }
  if (compare_schemas(newest, *tree.unnumbered)) tree = {};
}

// A schema that no authority had seen may meet one there that it has nothing to do with.
bool is_turned(const TreeInfo& known, const TreeInfo& newest) {
  if (known.generation() != newest.generation()) return true;
  return known.version() == 0 && newest.version() != 0 && !compare_schemas(newest, known);
}

std::map<TreeId, Turned> turned_trees(const Catalogue& before, const Catalogue& next) {
  std::map<TreeId, Turned> turned;
  for (const auto& [id, newest] : next.trees()) {
    const TreeInfoPtr known = before.find(id);
    if (!known || !is_turned(*known, *newest)) continue;
    Turned tree{before.find(id, 0), before.history(id).contains(0)};
    if (tree.is_unseen) settle_unseen(tree, next.history(id), *newest);
    turned.emplace(id, tree);
  }
  return turned;
}

std::span<const std::uint64_t> body_of(protocol::Action::Reader action) {
  return {reinterpret_cast<const std::uint64_t*>(action.getBody().begin()),
          action.getBody().size() / 8};
}

AnyKey key_of(protocol::Action::Reader action) {
  return AnyKey(TreeId{action.getTree()}, KeyWord(action.getKey()));
}

class LeavingBehind {
 public:
  LeavingBehind(ReplicaWriter& writer, const Reading& next)
      : writer_(writer),
        next_(next),
        catalogue_(writer.replica().database().catalogue()),
        turned_(turned_trees(*catalogue_, *next.catalogue())) {}

  std::vector<LeftBehind> run(std::uint64_t executed) {
    std::vector<LeftBehind> left;
    for (std::uint64_t operation : operations_after(executed)) {
      if (auto why = objection(operation)) {
        leave_request(operation, *why);
        left.push_back({operation, *why});
      } else {
        number_request(operation);
      }
    }
    for (const auto& [id, tree] : turned_) {
      if (const auto version = number_for(id))
        writer_.replica().note_unnumbered(writer_.txn(), id, executed, version);
      for (KeyWord key : local_records(id)) settle_record(AnyKey(id, key));
    }
    keep_schemas_in_drawer(writer_, unnumbered());
    return left;
  }

 private:
  // -------- what can stay

  // Why the next generation cannot have this body; nothing: it can.
  std::optional<Error> objection(AnyKey key, std::uint32_t version,
                                 std::span<const std::uint64_t> body) const {
    const auto turned = turned_.find(key.tree);
    if (turned == turned_.end() || body.empty()) return std::nullopt;
    if (version == 0) {
      if (turned->second.is_unseen) return unseen(key);
      if (!turned->second.unnumbered) return std::nullopt;
      version = turned->second.unnumbered->version();
    }
    if (!next_.is_old(key.tree, version)) return std::nullopt;
    auto made = next_.convert(key, version, body);
    if (made) return std::nullopt;
    return made.error();
  }

  Error unseen(AnyKey key) const {
    return error(Errc::incompatible_schema,
                 catalogue_->format(key) +
                     ": this was written by a schema that the server never saw, before its tree "
                     "was migrated. It is kept here as a conflict, with that schema. Make the "
                     "change again by the present one.",
                 key);
  }

  std::optional<Error> objection(std::uint64_t operation) {
    const StoredRequest stored(request(operation));
    if (!stored.reader().isTransaction()) return std::nullopt;
    for (auto action : stored.reader().getTransaction().getActions()) {
      if (auto why = objection(key_of(action), action.getSchemaVersion(), body_of(action)))
        return why;
      const auto left = left_.find(key_of(action).record());
      if (left != left_.end()) return left->second;
    }
    return std::nullopt;
  }

  // -------- requests

  std::vector<std::uint64_t> operations_after(std::uint64_t executed) const {
    std::vector<std::uint64_t> operations;
    store::Cursor cursor(writer_.txn(), writer_.replica().tables().outbox);
    for (bool more = cursor.seek(executed + 1); more; more = cursor.next())
      operations.push_back(cursor.key_number());
    return operations;
  }

  store::Bytes request(std::uint64_t operation) const {
    return *writer_.txn().find(writer_.replica().tables().outbox, operation);
  }

  void put_request(std::uint64_t operation, const wire::Frame& frame) {
    writer_.txn().put(writer_.replica().tables().outbox, operation, frame.bytes());
  }

  // The authority must get a request of every number: one that does nothing takes its place.
  void leave_request(std::uint64_t operation, const Error& why) {
    for (AnyKey key : records_of(operation)) {
      left_.emplace(key.record(), why);
      const auto shown = writer_.visible(key);
      const bool is_last = shown && LocalMark::operation(shown->header()) == operation;
      if (is_last && !LocalMark::is_edited(shown->header())) kept_.insert(key);
    }
    Applier(writer_).refused(operation, {why});
    put_request(operation, request_frame(operation, [](protocol::Request::Builder request) {
                  request.initGiveBack();
                }));
  }

  std::vector<AnyKey> records_of(std::uint64_t operation) const {
    std::vector<AnyKey> keys;
    const StoredRequest stored(request(operation));
    for (auto action : stored.reader().getTransaction().getActions())
      keys.push_back(key_of(action));
    return keys;
  }

  // Bodies without a number get that of the version that the authority made of their schema.
  void number_request(std::uint64_t operation) {
    capnp::MallocMessageBuilder message;
    {
      const StoredRequest stored(request(operation));
      if (!stored.reader().isTransaction()) return;
      message.initRoot<protocol::ToServer>().setRequest(stored.reader());
    }
    bool numbered = false;
    for (auto action :
         message.getRoot<protocol::ToServer>().getRequest().getTransaction().getActions()) {
      const auto version = number_for(key_of(action).tree);
      if (action.getSchemaVersion() != 0 || action.getBody().size() == 0 || version == 0) continue;
      action.setSchemaVersion(version);
      numbered = true;
    }
    if (numbered) put_request(operation, to_frame(message));
  }

  // 0: its bodies stay without one.
  std::uint32_t number_for(TreeId id) const {
    const auto turned = turned_.find(id);
    const bool has_number =
        turned != turned_.end() && turned->second.unnumbered && !turned->second.is_unseen;
    return has_number ? turned->second.unnumbered->version() : 0;
  }

  // -------- what the trees show

  std::vector<KeyWord> local_records(TreeId id) const {
    std::vector<KeyWord> keys;
    for (store::RecordCursor cursor(writer_.txn(), *writer_.replica().tree(id)); cursor;
         cursor.next()) {
      if (LocalMark::is_local(cursor.record().header())) keys.push_back(cursor.key());
    }
    return keys;
  }

  void settle_record(AnyKey key) {
    const RecordView mine = *writer_.visible(key);
    const RecordHeader header = mine.header();
    const auto why = objection(key, header.schema_version, mine.body());
    if (!why) return number_record(key, header);
    // What was handed in by a request that is left behind is in the drawer with that.
    if (LocalMark::is_edited(header) && !kept_.contains(key))
      keep_edit_as_conflict(writer_, key, mine, *why);
    show_without(key, header);
  }

  // The last that was handed in, or what the authority has.
  void show_without(AnyKey key, RecordHeader header) {
    const std::uint64_t operation = LocalMark::operation(header);
    if (LocalMark::is_edited(header) && operation != 0) {
      const auto last = handed_in_body(writer_.replica(), writer_.txn(), key);
      if (!last.body.empty() && !objection(key, last.schema_version, last.body)) {
        header.sequence = LocalMark::queued(operation);
        header.schema_version = last.schema_version;
        writer_.show(key, header, last.body);
        return number_record(key, header);
      }
    }
    writer_.show_base(key);
    const auto holder = writer_.holder(key);
    if (!writer_.visible(key) && holder && (holder->token & OwnGrant::kBit))
      writer_.set_holder(key, std::nullopt);
  }

  void number_record(AnyKey key, RecordHeader header) {
    if (header.schema_version != 0 || header.removed() || number_for(key.tree) == 0) return;
    header.schema_version = number_for(key.tree);
    writer_.show_header(key, header);
  }

  std::map<TreeId, TreeInfoPtr> unnumbered() const {
    std::map<TreeId, TreeInfoPtr> schemas;
    for (const auto& [id, tree] : turned_) {
      if (tree.unnumbered) schemas.emplace(id, tree.unnumbered);
    }
    return schemas;
  }

  ReplicaWriter& writer_;
  const Reading& next_;
  const std::shared_ptr<const Catalogue> catalogue_;
  const std::map<TreeId, Turned> turned_;
  // Records of requests that were left behind, and why.
  std::map<AnyKey, Error> left_;
  // Revisions that showed what such a request handed in, and nothing later.
  std::set<AnyKey> kept_;
};

}  // namespace

bool begins_generation(const Catalogue& before, const Catalogue& next) {
  return !turned_trees(before, next).empty();
}

std::vector<LeftBehind> leave_behind(ReplicaWriter& writer, const Reading& next,
                                     std::uint64_t executed) {
  return LeavingBehind(writer, next).run(executed);
}

}  // namespace coppice::client
