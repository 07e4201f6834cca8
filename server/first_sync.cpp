#include "server/first_sync.h"

#include "server/outgoing.h"

namespace coppice::server {
namespace {

constexpr std::size_t kMessageBytes = 192;

std::uint64_t count_all(const store::Txn& txn, const store::Database& database) {
  std::uint64_t count = 0;
  for (const auto& [id, info] : database.catalogue()->trees())
    count += database.tree(id)->count(txn);
  return count;
}

}  // namespace

FirstSync::Part FirstSync::collect(const store::Txn& txn, TreeId id, store::RecordTree tree,
                                   const Options& options) const {
  Part part;
  part.tree = id;
  const KeyWord from(id == position_.tree ? position_.key.value + 1 : 0);
  store::RecordCursor cursor(txn, tree, from);
  for (; cursor && part.size_bytes < options.part_bytes; cursor.next()) {
    const ChangeView change{AnyKey(id, cursor.key()), cursor.record()};
    part.records.push_back(change);
    part.size_bytes += size_in_message(change);
  }
  part.tree_ended = !cursor;
  return part;
}

FirstSync::Part FirstSync::next(const store::Txn& txn, const store::Database& database,
                                const Options& options) const {
  const auto catalogue = database.catalogue();
  Part part;
  part.tree = position_.tree;
  part.tree_ended = true;
  for (auto tree = catalogue->trees().lower_bound(position_.tree); tree != catalogue->trees().end();
       ++tree) {
    const bool is_last_tree = std::next(tree) == catalogue->trees().end();
    part = collect(txn, tree->first, *database.tree(tree->first), options);
    if (!part.records.empty() || is_last_tree) {
      part.tree_ended = part.tree_ended && is_last_tree;
      return part;
    }
  }
  return part;
}

wire::Frame FirstSync::next_part(store::Database& database, const Tables& tables,
                                 const Clients& clients, const Options& options) {
  const auto txn = database.read();
  const Part part = next(txn, database, options);
  if (position_.tree != part.tree) position_.key = KeyWord{};
  position_.tree = part.tree;
  if (!part.records.empty()) position_.key = part.records.back().key.word;
  position_.done += part.records.size();
  done_ = part.tree_ended;

  Outgoing out(part.size_bytes + kMessageBytes);
  auto message = out.message().initSnapshot();
  message.setTree(part.tree.value);
  message.setTotal(count_all(txn, database));
  message.setLast(done_);
  auto position = message.initPosition();
  position.setSince(position_.since);
  position.setTree(position_.tree.value);
  position.setKey(position_.key.value);
  position.setDone(position_.done);
  auto list = message.initRecords(static_cast<unsigned>(part.records.size()));
  for (unsigned i = 0; i < list.size(); ++i) fill(list[i], part.records[i], txn, tables, clients);
  return out.finish();
}

}  // namespace coppice::server
