#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <capnp/message.h>

#include "coppice/error.h"
#include "coppice/key.h"
#include "coppice/record.h"
#include "coppice/snapshot.h"

namespace coppice {

namespace client {
class TransactionState;
}

// Whether a check-in, or a create, leaves the borrow with us afterwards.
enum class Borrowing { ends, kept };
// Which steps a lifecycle state may go. Any: an administrator's, and the log says so.
enum class Steps { declared, any };

// Changes that are accepted all together or not at all: here, at the authority, and in what
// indexers see. Given to the function that Client::write runs; it ends with that function.
//
// A call that cannot be (no ids left, not borrowed, released) makes the whole transaction refused:
// later calls are harmless, and write() returns every reason and changes nothing. So no call needs
// a check of its own.
class Transaction {
 public:
  explicit Transaction(client::TransactionState& state) : state_(state) {}
  Transaction(const Transaction&) = delete;

  // A new record with an id out of our lease; needs no server. `fill` gets a T::Builder.
  template <typename T, typename F>
  Key<T> create(F&& fill, Borrowing borrowing = Borrowing::ends) {
    auto key = Key<T>(begin_create(TreeOf<T>::id));
    fill(new_body().template initRoot<T>());
    end_create(borrowing);
    return key;
  }
  // The same for a body in stored form, which is checked against the tree's schema.
  AnyKey create(TreeId tree, std::span<const std::uint64_t> body,
                Borrowing borrowing = Borrowing::ends);

  // The body of a record we have borrowed, to be changed in place; fields this program does not
  // know survive. Saved in the replica with the transaction, and sent only by check_in. Valid until
  // the transaction ends.
  template <typename T>
  typename T::Builder edit(Key<T> key) {
    return edit_body(AnyKey(key)).template getRoot<T>();
  }
  // For tools: the message behind edit().
  capnp::MessageBuilder& edit_body(AnyKey key);

  // Hands in what was edited here or in earlier transactions.
  void check_in(AnyKey key, std::string_view comment = {}, Borrowing borrowing = Borrowing::ends);
  // A draft that starts as a copy of the released head, which we have borrowed. Returns the new
  // key.
  template <typename T>
  Key<T> next_revision(Key<T> key) {
    return Key<T>(next_revision(AnyKey(key)).word);
  }
  AnyKey next_revision(AnyKey key);
  // Freezes a draft we have borrowed, for ever. On line only. Floating references in it are pinned
  // to what this transaction releases, or else to what they mean now (schemas.md, `children`).
  // `state` 0: the tree's own released state.
  void release(AnyKey key, std::string_view comment = {}, std::uint16_t state = 0);
  // Moves the lifecycle state number, if it is `from`, by a step that the tree declares. Off line
  // it is an intent (Client::intents()), which the authority may refuse with the state that it
  // finds.
  void set_state(AnyKey key, std::uint16_t from, std::uint16_t to, std::string_view comment = {},
                 Steps steps = Steps::declared);
  // The same by the names that the tree declares.
  void set_state(AnyKey key, std::string_view from, std::string_view to,
                 std::string_view comment = {}, Steps steps = Steps::declared);
  // Deletes a draft or an unversioned record we have borrowed.
  void remove(AnyKey key, std::string_view comment = {});
  // One comment for the whole transaction; the last one given counts.
  void comment(std::string_view text);

  // Does again what the conflict of this number wanted, as far as it still fits: new records get
  // the keys they had, and what was changed must be borrowed, and not have changed since (else
  // stale_base: edit it with both versions at hand instead). More may be done and edited in the
  // same transaction. The conflict leaves the drawer with the transaction, not before.
  void retry(std::uint64_t conflict);
  // The conflict of this number is settled by what this transaction does: it leaves the drawer.
  void settle(std::uint64_t conflict);
  // The application's own reason why not.
  void refuse(Error why);

  // Reads that see this transaction's own creates and edits; a T::Reader valid until the
  // transaction ends.
  template <typename T>
  typename T::Reader read(Key<T> key) {
    return read_body(AnyKey(key)).template getAs<T>();
  }
  // The state before this transaction.
  const Snapshot& before() const;
  // Refused already, so that the rest need not be done.
  bool refused() const;

 private:
  KeyWord begin_create(TreeId tree);
  capnp::MessageBuilder& new_body();
  void end_create(Borrowing borrowing);
  capnp::AnyPointer::Reader read_body(AnyKey key);

  client::TransactionState& state_;
};

}  // namespace coppice
