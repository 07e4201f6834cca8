#include "server/creates.h"

#include <algorithm>
#include <unordered_map>

#include "server/obsolete.h"

namespace coppice::server {

std::span<const std::uint64_t> checked_body(Ledger& ledger, const Ledger::Tree& tree,
                                            protocol::Action::Reader action, std::uint32_t index,
                                            std::vector<std::vector<std::uint64_t>>& copied,
                                            Refusals& refusals) {
  const AnyKey key(tree.info->id(), KeyWord(action.getKey()));
  auto refuse = [&](std::string text) {
    refusals.push_back(
        {error(Errc::invalid, ledger.name(key) + ": " + std::move(text), key), index});
    return std::span<const std::uint64_t>{};
  };
  const std::uint32_t version = action.getSchemaVersion();
  if (version > tree.info->version()) {
    return refuse("its body was written by version " + std::to_string(version) +
                  " of the tree's schema, and there are versions 1 to " +
                  std::to_string(tree.info->version()) + ".");
  }
  if (version != 0 && version < tree.info->generation()) {
    return refuse("its body was written by version " + std::to_string(version) +
                  " of the tree's schema, before the tree was migrated to version " +
                  std::to_string(tree.info->generation()) + ".");
  }
  const std::uint32_t writer = action.getWriter() != 0 ? action.getWriter() : version;
  if (auto old = too_old_to_write(ledger, *tree.info, writer, key)) {
    refusals.push_back({std::move(*old), index});
    return {};
  }
  const auto data = action.getBody();
  if (data.size() > ledger.options().body_bytes) {
    return refuse("its body has " + std::to_string(data.size()) + " bytes, and the limit is " +
                  std::to_string(ledger.options().body_bytes) + ".");
  }
  // Cap'n Proto puts Data at the start of a word.
  const std::span bytes(reinterpret_cast<const std::byte*>(data.begin()), data.size());
  std::vector<std::uint64_t> scratch;
  const auto body = tree.info->shape().check(bytes, scratch);
  if (!body) return refuse(body.error().message);
  if (scratch.empty()) return body->words();
  copied.push_back(std::move(scratch));
  return copied.back();
}

std::optional<Error> too_old_to_write(const Ledger& ledger, const TreeInfo& tree,
                                      std::uint32_t writer, AnyKey key) {
  if (tree.minimum_writer() == 0 || writer == 0) return std::nullopt;
  const auto known = ledger.catalogue().find(tree.id(), writer);
  if (!known || known->minimum_writer() >= tree.minimum_writer()) return std::nullopt;
  Error old =
      error(Errc::needs_newer_client,
            ledger.name(key) + ": programs that know version " + std::to_string(writer) +
                " of the schema of tree '" + tree.name() + "' may only read it since version " +
                std::to_string(tree.version()) + ". Update the program.",
            key);
  old.expected = tree.minimum_writer();
  old.actual = known->minimum_writer();
  return old;
}

void check_new_key(Ledger& ledger, const Asker& asker, Ledger::Tree& tree, KeyWord key,
                   std::uint32_t index, Refusals& refusals) {
  const AnyKey any(tree.info->id(), key);
  const bool is_first = key.revision().value == 1;
  if (is_first && ledger.leased(tree, key.id(), asker.client)) return;
  const char* why = is_first ? " lies in no lease of this client." : " is not a first revision.";
  refusals.push_back({error(Errc::foreign_key, ledger.name(any) + why, any), index});
}

std::uint32_t body_version(const Ledger::Tree& tree, protocol::Action::Reader action) {
  return action.getSchemaVersion() != 0 ? action.getSchemaVersion() : tree.info->version();
}

RecordHeader header_of_new(const Ledger& ledger, const Asker& asker, std::uint32_t schema_version) {
  RecordHeader header;
  header.author = asker.client.value;
  header.created_us = ledger.now_us();
  header.changed_us = ledger.now_us();
  header.iteration = 1;
  header.schema_version = schema_version;
  return header;
}

Refusal exists_already(const Ledger& ledger, AnyKey key, std::uint32_t index) {
  return {error(Errc::foreign_key, ledger.name(key) + " exists already.", key), index};
}

Refusal no_such_tree(TreeId tree, std::uint32_t index) {
  return {
      error(Errc::unknown_tree,
            "This database has no such tree. Open it with a program that has the tree's schema.",
            AnyKey(tree, KeyWord{})),
      index};
}

bool Creates::applies(protocol::Transaction::Reader transaction) {
  for (const auto action : transaction.getActions()) {
    if (action.getKind() != protocol::Action::Kind::CREATE || action.getKeepBorrow() ||
        action.getSchemaVersion() == 0)
      return false;
  }
  return true;
}

void Creates::judge(protocol::Transaction::Reader transaction) {
  const auto actions = transaction.getActions();
  planned_.reserve(actions.size());
  for (std::uint32_t index = 0; index < actions.size(); ++index) judge(actions[index], index);
  if (!ascending_) judge_repeated_keys();
  if (refusals_.empty()) judge_unique_values();
}

void Creates::judge(protocol::Action::Reader action, std::uint32_t index) {
  const TreeId id{action.getTree()};
  const bool same_tree = !planned_.empty() && planned_.back().tree->info->id() == id;
  Ledger::Tree* tree = same_tree ? planned_.back().tree : ledger_.tree(id);
  if (tree == nullptr) {
    refusals_.push_back(no_such_tree(id, index));
    return;
  }
  if (!same_tree) {
    if (auto lacking = ledger_.lacks(asker_.client, Right::append, AnyKey(id, KeyWord{}))) {
      refusals_.push_back({std::move(*lacking), index});
      return;
    }
  }
  const KeyWord key(action.getKey());
  if (!planned_.empty() && !(same_tree && planned_.back().key < key)) ascending_ = false;
  check_new_key(ledger_, asker_, *tree, key, index, refusals_);
  if (key <= tree->last && tree->records.find(ledger_.txn(), key)) {
    refusals_.push_back(exists_already(ledger_, AnyKey(id, key), index));
  }
  const auto body = checked_body(ledger_, *tree, action, index, copied_, refusals_);
  judge_obsolete(ledger_, *tree->info, AnyKey(id, key), body, {}, index, refusals_);
  planned_.push_back({tree, key, index, action.getSchemaVersion(), body});
}

void Creates::judge_repeated_keys() {
  std::vector<std::pair<AnyKey, std::uint32_t>> keys;
  for (const Planned& planned : planned_) {
    keys.emplace_back(AnyKey(planned.tree->info->id(), planned.key), planned.index);
  }
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i].first != keys[i - 1].first) continue;
    refusals_.push_back(exists_already(ledger_, keys[i].first, keys[i].second));
  }
}

void Creates::judge_unique_values() {
  store::UniqueCheck check = ledger_.unique_check();
  for (const Planned& planned : planned_)
    check.add(AnyKey(planned.tree->info->id(), planned.key), planned.body);
  const auto clashes = check.run();
  if (clashes.empty()) return;
  std::unordered_map<AnyKey, std::uint32_t> actions;
  for (const Planned& planned : planned_)
    actions.emplace(AnyKey(planned.tree->info->id(), planned.key), planned.index);
  for (const auto& clash : clashes)
    refusals_.push_back({not_unique(ledger_.catalogue(), clash), actions.at(clash.key)});
}

Accepted Creates::apply() {
  Accepted accepted;
  accepted.first = ledger_.head() + 1;
  accepted.time_us = ledger_.now_us();
  accepted.all_fresh = true;
  RecordHeader header = header_of_new(ledger_, asker_, 0);
  header.flags = RecordHeader::kFresh;
  for (const Planned& planned : planned_) {
    header.sequence = header.body_sequence = ledger_.next_sequence();
    header.schema_version = planned.schema_version;
    Ledger::Tree& tree = *planned.tree;
    ledger_.index(AnyKey(tree.info->id(), planned.key), {}, planned.body);
    if (tree.last < planned.key) {
      tree.records.append(ledger_.txn(), planned.key, header, planned.body);
      tree.last = planned.key;
    } else {
      tree.records.put(ledger_.txn(), planned.key, header, planned.body);
    }
    ledger_.feed(AnyKey(tree.info->id(), planned.key), 0, header.sequence);
  }
  accepted.last = ledger_.head();
  return accepted;
}

}  // namespace coppice::server
