#include "coppice/transaction.h"

#include "client/transaction_state.h"

namespace coppice {

AnyKey Transaction::create(TreeId tree, std::span<const std::uint64_t> body, Borrowing borrowing) {
  return state_.create(tree, body, borrowing);
}
capnp::MessageBuilder& Transaction::edit_body(AnyKey key) { return state_.edit_body(key); }
void Transaction::check_in(AnyKey key, std::string_view comment, Borrowing borrowing) {
  state_.check_in(key, comment, borrowing);
}
AnyKey Transaction::next_revision(AnyKey key) { return state_.next_revision(key); }
void Transaction::release(AnyKey key, std::string_view comment, std::uint16_t state) {
  state_.release(key, comment, state);
}
void Transaction::set_state(AnyKey key, std::uint16_t from, std::uint16_t to,
                            std::string_view comment, Steps steps) {
  state_.set_state(key, from, to, comment, steps);
}
void Transaction::set_state(AnyKey key, std::string_view from, std::string_view to,
                            std::string_view comment, Steps steps) {
  state_.set_state(key, from, to, comment, steps);
}
void Transaction::remove(AnyKey key, std::string_view comment) { state_.remove(key, comment); }
void Transaction::comment(std::string_view text) { state_.comment(text); }
void Transaction::retry(std::uint64_t conflict) { state_.retry(conflict); }
void Transaction::settle(std::uint64_t conflict) { state_.settle(conflict); }
void Transaction::refuse(Error why) { state_.refuse(std::move(why)); }
const Snapshot& Transaction::before() const { return state_.before(); }
bool Transaction::refused() const { return state_.refused(); }
KeyWord Transaction::begin_create(TreeId tree) { return state_.begin_create(tree); }
capnp::MessageBuilder& Transaction::new_body() { return state_.new_body(); }
void Transaction::end_create(Borrowing borrowing) { state_.end_create(borrowing); }
capnp::AnyPointer::Reader Transaction::read_body(AnyKey key) { return state_.read_body(key); }

}  // namespace coppice
