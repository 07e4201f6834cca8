#include "client/transaction_state.h"

#include <algorithm>
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

Work* TransactionState::head_work(AnyKey key) {
  if (Work* known = work(key)) return known;
  if (!replica_.tree(key.tree)) {
    refuse(Errc::unknown_tree, {},
           "This replica does not have that tree. Name it in Client::Options::trees.");
    return nullptr;
  }
  auto head = before_->head(key);
  if (!head || head->view.header().removed()) {
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
  loaded.had_mark = LocalMark::is_local(loaded.header);
  loaded.edited = LocalMark::is_edited(loaded.header);
  return &add_work(std::move(loaded));
}

Work* TransactionState::borrowed_work(AnyKey key) {
  Work* head = head_work(key);
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

void TransactionState::give_up_borrow(Work& work, Borrowing borrowing) {
  if (borrowing == Borrowing::kept) return;
  work.header.token = 0;
  work.header.borrower = 0;
}

// -------- create

KeyWord TransactionState::begin_create(TreeId tree) {
  creating_ = AnyKey{};
  if (!replica_.tree(tree)) {
    refuse(Errc::unknown_tree, {},
           "This replica does not have that tree. Name it in Client::Options::trees.");
    return {};
  }
  auto id = replica_.ids().take(tree);
  if (!id) {
    refuse(Errc::lease_exhausted, {},
           "No ids are left for new records of tree '" + before_->catalogue().find(tree)->name() +
               "'. Connect to the server to get more; everything else goes on.");
    return {};
  }
  creating_ = AnyKey(tree, KeyWord(*id, Revision{1}));
  return creating_.word;
}

capnp::MessageBuilder& TransactionState::new_body() {
  if (!scratch_) {
    scratch_ = std::make_unique<capnp::word[]>(kScratchWords);
    std::memset(static_cast<void*>(scratch_.get()), 0, kScratchWords * sizeof(capnp::word));
  }
  new_body_.reset();
  new_body_ =
      std::make_unique<capnp::MallocMessageBuilder>(kj::arrayPtr(scratch_.get(), kScratchWords));
  return *new_body_;
}

void TransactionState::end_create(Borrowing borrowing) {
  auto body = canonical_words(new_body_->getRoot<capnp::AnyStruct>().asReader());
  new_body_.reset();
  if (creating_ != AnyKey{}) append_create(borrowing, std::move(body));
}

AnyKey TransactionState::create(TreeId tree, std::span<const std::uint64_t> body,
                                Borrowing borrowing) {
  begin_create(tree);
  if (creating_ == AnyKey{}) return {};
  std::vector<std::uint64_t> scratch;
  auto checked = before_->catalogue().find(tree)->shape().check(std::as_bytes(body), scratch);
  if (!checked) {
    reasons_.push_back(checked.error());
    return {};
  }
  append_create(borrowing, words_of(checked->words()));
  return creating_;
}

void TransactionState::append_create(Borrowing borrowing, std::vector<std::uint64_t> body) {
  Work created;
  created.key = creating_;
  created.header.iteration = 1;
  created.header.author = replica_.client_number();
  created.body = std::move(body);
  created.is_new = true;
  created.changed = true;
  if (borrowing == Borrowing::kept) {
    created.header.borrower = replica_.client_number();
    created.header.token = OwnGrant::kBit;  // the operation's number is filled in at commit
  }
  add_work(std::move(created));
  actions_.push_back({.kind = ActionKind::CREATE, .key = creating_, .borrowing = borrowing});
}

// -------- edit

capnp::MessageBuilder& TransactionState::edit_body(AnyKey key) {
  Work* known = work(key);
  const bool made_here = known && known->is_new && known->header.iteration > 0;
  Work* target = made_here ? known : borrowed_work(key);
  if (!target) return harmless();
  if (target->header.released()) {
    refuse(Errc::frozen, key, "is released: nobody can change it. Make the next revision.");
    return harmless();
  }
  if (target->header.removed()) {
    refuse(Errc::removed, key, "was removed.");
    return harmless();
  }
  if (!target->message) target->message = copy_to_message(target->body);
  target->changed = true;
  // An edit of what this transaction creates is part of the create.
  if (!made_here) target->edited = true;
  return *target->message;
}

void TransactionState::check_in(AnyKey key, std::string_view text, Borrowing borrowing) {
  if (!text.empty()) comment(text);
  if (Work* known = work(key); known && known->is_new && known->header.iteration > 0)
    return;  // a create is handed in anyway
  Work* target = borrowed_work(key);
  if (!target) return;
  if (target->header.released()) {
    // Nothing can have been changed; what is left of a check-in is the end of the borrow.
    refuse(Errc::frozen, key,
           "is released: nobody can change it. Make the next revision, or give the borrow back.");
    return;
  }
  actions_.push_back({.kind = ActionKind::CHECK_IN,
                      .key = target->key,
                      .borrowing = borrowing,
                      .token = target->header.token,
                      .base_iteration = target->header.iteration});
  target->changed = true;
  if (target->edited) ++target->header.iteration;
  target->edited = false;
  give_up_borrow(*target, borrowing);
}

AnyKey TransactionState::next_revision(AnyKey key) {
  Work* head = borrowed_work(key);
  if (!head) return {};
  auto tree = before_->catalogue().find(key.tree);
  if (!tree->versioned()) {
    refuse(Errc::not_versioned, key, "belongs to a tree without revisions.");
    return {};
  }
  if (!head->header.released()) {
    refuse(Errc::head_not_released, key, "is a draft still. Edit it, or release it first.");
    return {};
  }
  Work draft;
  draft.key = AnyKey(key.tree, KeyWord(head->key.id(), Revision{head->key.revision().value + 1}));
  draft.header.token = head->header.token;
  draft.header.borrower = head->header.borrower;
  draft.header.author = replica_.client_number();
  draft.body = head->body;
  draft.is_new = true;
  draft.changed = true;
  actions_.push_back(
      {.kind = ActionKind::NEXT_REVISION, .key = draft.key, .token = head->header.token});
  give_up_borrow(*head, Borrowing::ends);
  head->changed = true;
  return add_work(std::move(draft)).key;
}

void TransactionState::release(AnyKey key, std::string_view text, std::uint16_t state) {
  if (!text.empty()) comment(text);
  if (!on_line_)
    return refuse(Errc::offline, key,
                  "can be released only on line. Connect first; the draft stays as it is.");
  Work* target = head_work(key);
  if (!target) return;
  // Ended by a check-in of this transaction: the authority sees both, in order, so ask it to keep
  // the borrow until the release.
  for (auto& action : actions_) {
    if (action.kind == ActionKind::CHECK_IN && action.key == target->key &&
        target->header.token == 0) {
      action.borrowing = Borrowing::kept;
      target->header.token = action.token;
      target->header.borrower = replica_.client_number();
    }
  }
  if (!borrowed_work(target->key)) return;
  if (target->edited)
    return refuse(Errc::pending_changes, key,
                  "has changes that are not checked in. Check in or undo them first.");
  if (target->header.released()) return refuse(Errc::frozen, key, "is released already.");
  actions_.push_back({.kind = ActionKind::RELEASE,
                      .key = target->key,
                      .token = target->header.token,
                      .base_iteration = target->header.iteration,
                      .state_to = state});
}

void TransactionState::set_state(AnyKey key, std::uint16_t from, std::uint16_t to) {
  if (!work(key) && !before_->get(key))
    return refuse(Errc::unknown_record, key, "is not a record of this replica.");
  actions_.push_back(
      {.kind = ActionKind::SET_STATE, .key = key, .state_from = from, .state_to = to});
}

void TransactionState::remove(AnyKey key, std::string_view text) {
  if (!text.empty()) comment(text);
  Work* target = borrowed_work(key);
  if (!target) return;
  if (target->header.released())
    return refuse(Errc::frozen, key,
                  "is released: nobody can remove it. Move its state number instead.");
  actions_.push_back({.kind = ActionKind::REMOVE,
                      .key = target->key,
                      .token = target->header.token,
                      .base_iteration = target->header.iteration});
  target->header.flags |= RecordHeader::kRemoved;
  target->body.clear();
  target->message.reset();
  target->edited = false;
  target->changed = true;
  give_up_borrow(*target, Borrowing::ends);
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

// -------- finish

void TransactionState::finish() {
  for (Work& work : works_) {
    if (!work.message) continue;
    work.body = canonical_words(work.message->getRoot<capnp::AnyStruct>().asReader());
    work.message.reset();
  }
  if (actions_.size() > limits_.actions_max) {
    refuse(Errc::bad_request, {},
           "The transaction has " + std::to_string(actions_.size()) +
               " actions; the server takes at most " + std::to_string(limits_.actions_max) +
               ". Split it.");
  }
}

Result<wire::Frame> TransactionState::request(std::uint64_t operation,
                                              std::int64_t claimed_time_us) {
  std::size_t words = 64 + comment_.size() / 8;
  for (const Work& work : works_) words += work.body.size() + 16;
  words += actions_.size() * 12;
  capnp::MallocMessageBuilder message(
      static_cast<unsigned>(std::min<std::size_t>(words, 1u << 27)));
  auto request = message.initRoot<protocol::ToServer>().initRequest();
  request.setOperation(operation);
  auto transaction = request.initTransaction();
  transaction.setComment(comment_);
  transaction.setClaimedTime(claimed_time_us);
  auto list = transaction.initActions(static_cast<unsigned>(actions_.size()));
  unsigned index = 0;
  for (const PlannedAction& planned : actions_) {
    auto action = list[index++];
    action.setKind(planned.kind);
    action.setKeepBorrow(planned.borrowing == Borrowing::kept);
    action.setTree(planned.key.tree.value);
    action.setKey(planned.key.word.value);
    action.setToken(planned.token);
    action.setBaseIteration(planned.base_iteration);
    action.setStateFrom(planned.state_from);
    action.setStateTo(planned.state_to);
    if (planned.kind == ActionKind::CREATE || planned.kind == ActionKind::CHECK_IN) {
      const Work& source = works_[by_key_.at(planned.key)];
      action.setBody(kj::arrayPtr(reinterpret_cast<const capnp::byte*>(source.body.data()),
                                  source.body.size() * 8));
    }
    auto tree = before_->catalogue().find(planned.key.tree);
    action.setSchemaVersion(tree ? tree->version() : 0);
  }
  auto frame = to_frame(message);
  if (frame.size_bytes() > limits_.frame_bytes_max) {
    return error(Errc::bad_request, "The transaction has " + std::to_string(frame.size_bytes()) +
                                        " bytes; the server takes at most " +
                                        std::to_string(limits_.frame_bytes_max) + ". Split it.");
  }
  return frame;
}

}  // namespace coppice::client
