#include "client/transaction_state.h"

#include <cstring>

#include <capnp/any.h>

#include "client/convert.h"
#include "coppice/check.h"
#include "schema/body_shape.h"

namespace coppice::client {
namespace {

// Most new bodies fit; larger ones get more memory from Cap'n Proto.
constexpr std::size_t kScratchWords = 1024;

std::unique_ptr<capnp::MallocMessageBuilder> copy_to_message(std::span<const std::uint64_t> body) {
  auto message =
      std::make_unique<capnp::MallocMessageBuilder>(static_cast<unsigned>(body.size() + 64));
  auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(body.data()));
  // A whole copy, unknown fields included.
  message->setRoot(root);
  return message;
}

std::vector<std::uint64_t> words_of(std::span<const std::uint64_t> body) {
  return {body.begin(), body.end()};
}

}  // namespace

TransactionState::TransactionState(Replica& replica, Snapshot before, bool on_line,
                                   TransactionLimits limits)
    : replica_(replica), before_(std::move(before)), on_line_(on_line), limits_(limits) {}

void TransactionState::refuse(Errc code, AnyKey key, const std::string& what) {
  std::string name = key == AnyKey{} ? std::string{} : before_->catalogue().format(key) + " ";
  reasons_.push_back(error(code, name + what, key));
}

capnp::MessageBuilder& TransactionState::harmless() {
  refused_bodies_.push_back(std::make_unique<capnp::MallocMessageBuilder>());
  return *refused_bodies_.back();
}

Work* TransactionState::work(AnyKey key) {
  auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &works_[found->second];
}

Work& TransactionState::add_work(Work work) {
  by_key_[work.key] = works_.size();
  works_.push_back(std::move(work));
  return works_.back();
}

Work* TransactionState::head_work(AnyKey key, Tombstone tombstone) {
  if (Work* known = work(key)) return known;
  if (!replica_.tree(key.tree)) {
    refuse(Errc::unknown_tree, {},
           "This replica does not have that tree. Name it in Client::Options::trees.");
    return nullptr;
  }
  auto head = before_->head(key);
  // A removed draft is only a spent number: what was released before it lives on.
  const bool spent = head && head->view.header().removed() && head->key.revision().value > 1 &&
                     tombstone == Tombstone::allowed;
  if (!head || (head->view.header().removed() && !spent)) {
    refuse(head ? Errc::removed : Errc::unknown_record, key,
           head ? "was removed." : "is not a record of this replica.");
    return nullptr;
  }
  if (key.word.floats()) key = head->key;
  if (head->key != key) {
    refuse(Errc::frozen, key,
           "is not the newest revision, which is " + to_string(head->key.word) +
               "; only that can be worked on.");
    return nullptr;
  }
  if (Work* known = work(key)) return known;
  Work loaded;
  loaded.key = key;
  loaded.header = head->view.header();
  loaded.body = words_of(head->view.body());
  loaded.edited = LocalMark::is_edited(loaded.header);
  return &add_work(std::move(loaded));
}

Work* TransactionState::borrowed_work(AnyKey key, Tombstone tombstone) {
  Work* head = head_work(key, tombstone);
  if (!head) return nullptr;
  if (head->header.token != 0 && head->header.borrower == replica_.client_number()) return head;
  auto holder = before_->holder(key);
  if (holder && holder->client != replica_.client_number()) {
    refuse(Errc::held, key,
           "is borrowed by " + holder->user + " on " + holder->device +
               ". Ask for it, or wait in line.");
    reasons_.back().holder = holder;
  } else {
    refuse(
        Errc::not_borrowed, key,
        on_line_
            ? "is not borrowed. Check it out first."
            : "is not borrowed, and we are off line. Check it out when the server can be reached.");
    if (!on_line_) reasons_.back().code = Errc::offline;
  }
  return nullptr;
}

bool TransactionState::is_created_here(const Work& work) const {
  return work.handed_in_by && actions_[*work.handed_in_by].kind == ActionKind::CREATE;
}

Work* TransactionState::changeable_work(AnyKey key, const char* what_instead) {
  Work* target = work(key);
  // What this transaction makes or hands in is ours until it ends; what it removes is gone.
  const bool decided =
      target && (target->handed_in_by || target->header.removed() || target->releasing);
  if (!decided) target = borrowed_work(key);
  if (!target || !can_write(key.tree)) return nullptr;
  if (target->header.released() || target->releasing) {
    refuse(Errc::frozen, key, std::string("is released: ") + what_instead);
    return nullptr;
  }
  if (target->header.removed()) {
    refuse(Errc::removed, key, "was removed.");
    return nullptr;
  }
  return target;
}

void TransactionState::set_borrowing(Work& work, Borrowing borrowing) {
  PlannedAction& action = actions_[*work.handed_in_by];
  action.borrowing = borrowing;
  const bool kept = borrowing == Borrowing::kept;
  // The number of a create's operation is filled in at commit.
  const std::uint64_t token = action.kind == ActionKind::CREATE ? OwnGrant::kBit : action.token;
  work.header.token = kept ? token : 0;
  work.header.borrower = kept ? replica_.client_number() : 0;
}

// -------- create

bool TransactionState::can_write(TreeId tree) {
  if (auto old = replica_.too_old_to_write(tree)) {
    reasons_.push_back(std::move(*old));
    return false;
  }
  if (!replica_.reading()->is_ahead(tree)) return true;
  refuse(
      Errc::incompatible_schema, {},
      "Tree '" + before_->catalogue().find(tree)->name() +
          "' can only be read until the server has been migrated: this program's schema of it is "
          "ahead.");
  return false;
}

KeyWord TransactionState::begin_create(TreeId tree) {
  creating_.emplace_back();
  if (!replica_.tree(tree)) {
    refuse(Errc::unknown_tree, {},
           "This replica does not have that tree. Name it in Client::Options::trees.");
    return {};
  }
  if (!can_write(tree)) return {};
  auto id = replica_.ids().take(tree);
  if (!id) {
    refuse(Errc::lease_exhausted, {},
           "No ids are left for new records of tree '" + before_->catalogue().find(tree)->name() +
               "'. Connect to the server to get more; everything else goes on.");
    return {};
  }
  creating_.back().key = AnyKey(tree, KeyWord(*id, Revision{1}));
  return creating_.back().key.word;
}

capnp::MessageBuilder& TransactionState::new_body() {
  auto& body = creating_.back().body;
  if (creating_.size() > 1) {
    body = std::make_unique<capnp::MallocMessageBuilder>();
    return *body;
  }
  if (!scratch_) {
    scratch_ = std::make_unique<capnp::word[]>(kScratchWords);
    std::memset(static_cast<void*>(scratch_.get()), 0, kScratchWords * sizeof(capnp::word));
  }
  body = std::make_unique<capnp::MallocMessageBuilder>(kj::arrayPtr(scratch_.get(), kScratchWords));
  return *body;
}

void TransactionState::end_create(Borrowing borrowing) {
  auto body = canonical_words(creating_.back().body->getRoot<capnp::AnyStruct>().asReader());
  const AnyKey key = creating_.back().key;
  creating_.pop_back();
  if (key != AnyKey{}) append_create(key, borrowing, std::move(body));
}

AnyKey TransactionState::create(TreeId tree, std::span<const std::uint64_t> body,
                                Borrowing borrowing) {
  begin_create(tree);
  const AnyKey key = creating_.back().key;
  creating_.pop_back();
  if (key == AnyKey{}) return {};
  std::vector<std::uint64_t> scratch;
  auto checked = before_->catalogue().find(tree)->shape().check(std::as_bytes(body), scratch);
  if (!checked) {
    reasons_.push_back(checked.error());
    return {};
  }
  return append_create(key, borrowing, words_of(checked->words()));
}

AnyKey TransactionState::append_create(AnyKey key, Borrowing borrowing,
                                       std::vector<std::uint64_t> body) {
  Work created;
  created.key = key;
  created.header.iteration = 1;
  created.header.author = replica_.client_number();
  created.header.schema_version = replica_.writes_by(key.tree);
  created.body = std::move(body);
  created.is_new = true;
  created.changed = true;
  created.handed_in_by = actions_.size();
  add_action({.kind = ActionKind::CREATE, .key = key});
  set_borrowing(add_work(std::move(created)), borrowing);
  return key;
}

// -------- edit

capnp::MessageBuilder& TransactionState::edit_body(AnyKey key) {
  Work* target = changeable_work(key, "nobody can change it. Make the next revision.");
  if (!target) return harmless();
  if (!target->message) {
    target->message = copy_to_message(target->body);
    target->header.schema_version =
        version_after_edit(target->header.schema_version, replica_.writes_by(key.tree));
  }
  target->changed = true;
  // What is handed in by this transaction is handed in as it is at the end.
  if (!target->handed_in_by) target->edited = true;
  return *target->message;
}

void TransactionState::check_in(AnyKey key, std::string_view text, Borrowing borrowing) {
  if (!text.empty()) comment(text);
  // Of a released one nothing can have been changed; what is left is the end of the borrow.
  Work* target = changeable_work(
      key, "nobody can change it. Make the next revision, or give the borrow back.");
  if (!target) return;
  if (!target->handed_in_by) {
    target->handed_in_by = actions_.size();
    add_action({.kind = ActionKind::CHECK_IN, .key = target->key, .token = target->header.token});
  }
  target->changed = true;
  target->edited = false;
  set_borrowing(*target, borrowing);
}

// Whether what a draft starts as, of this version here, is stored as a body of an earlier
// generation.
bool TransactionState::is_converted(AnyKey draft, std::uint32_t version) const {
  const auto reading = replica_.reading();
  if (!reading->converts()) return false;
  const auto txn = replica_.database().read();
  for (std::uint32_t number = draft.revision().value; number-- > 1;) {
    const KeyWord earlier(draft.id(), Revision{number});
    const auto stored = replica_.tree(draft.tree)->find(txn, earlier);
    if (stored && stored->header().released()) return stored->header().schema_version != version;
  }
  return false;
}

AnyKey TransactionState::next_revision(AnyKey key) {
  Work* head = borrowed_work(key.record(), Tombstone::allowed);
  if (!head || !can_write(key.tree)) return {};
  auto tree = before_->catalogue().find(key.tree);
  if (!tree->versioned()) {
    refuse(Errc::not_versioned, key, "belongs to a tree without revisions.");
    return {};
  }
  if (!head->header.released() && !head->header.removed()) {
    refuse(Errc::head_not_released, key, "is a draft still. Edit it, or release it first.");
    return {};
  }
  Work draft;
  draft.key = AnyKey(key.tree, KeyWord(head->key.id(), Revision{head->key.revision().value + 1}));
  draft.header.token = head->header.token;
  draft.header.borrower = head->header.borrower;
  draft.header.author = replica_.client_number();
  draft.header.schema_version = head->header.schema_version;
  draft.started_as = head->body;
  if (head->header.removed()) {
    auto released = before_->get(key.record());
    COPPICE_CHECK(released.has_value());
    draft.started_as = words_of(released->view.body());
    draft.header.schema_version = released->header().schema_version;
  }
  draft.started_converted = is_converted(draft.key, draft.header.schema_version);
  draft.body = draft.started_as;
  draft.is_new = true;
  draft.changed = true;
  add_action({.kind = ActionKind::NEXT_REVISION, .key = draft.key, .token = head->header.token});
  head->header.token = 0;
  head->header.borrower = 0;
  head->changed = true;
  return add_work(std::move(draft)).key;
}

void TransactionState::drop_actions(AnyKey key) {
  for (PlannedAction& action : actions_) {
    if (action.key == key) action.dropped = true;
  }
}

void TransactionState::remove(AnyKey key, std::string_view text) {
  if (!text.empty()) comment(text);
  Work* target = changeable_work(key, "nobody can remove it. Move its state number instead.");
  if (!target) return;
  const bool never_was = is_created_here(*target);
  if (target->handed_in_by) {
    set_borrowing(*target, Borrowing::kept);
    if (never_was) {
      drop_actions(target->key);
    } else {
      actions_[*target->handed_in_by].dropped = true;
    }
  }
  if (!never_was) {
    add_action({.kind = ActionKind::REMOVE, .key = target->key, .token = target->header.token});
  }
  target->header.flags |= RecordHeader::kRemoved;
  target->header.token = 0;
  target->header.borrower = 0;
  target->body.clear();
  // Builders of it stay valid until the end.
  if (target->message) refused_bodies_.push_back(std::move(target->message));
  target->handed_in_by.reset();
  target->edited = false;
  target->changed = !never_was;
}

void TransactionState::comment(std::string_view text) { comment_ = text; }

capnp::AnyPointer::Reader TransactionState::read_body(AnyKey key) {
  Work* known = work(key);
  if (known && known->message) return known->message->getRoot<capnp::AnyPointer>().asReader();
  std::span<const std::uint64_t> body;
  if (known) {
    body = known->body;
  } else if (auto record = before_->get(key)) {
    body = record->view.body();
  }
  if (body.empty()) {
    refuse(Errc::unknown_record, key, "is not a record of this replica.");
    return harmless().getRoot<capnp::AnyPointer>().asReader();
  }
  return capnp::readMessageUnchecked<capnp::AnyPointer>(
      reinterpret_cast<const capnp::word*>(body.data()));
}

}  // namespace coppice::client
