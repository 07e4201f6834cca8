#include "client/apply.h"

#include <algorithm>
#include <cstring>

#include "client/convert.h"
#include "client/drawer.h"
#include "client/stored_request.h"
#include "coppice/check.h"

namespace coppice::client {
namespace {

Error bad_server(std::string what) {
  return error(Errc::bad_request, "The server sent what cannot be: " + std::move(what));
}

std::span<const std::byte> bytes_of(capnp::Data::Reader data) {
  return {reinterpret_cast<const std::byte*>(data.begin()), data.size()};
}

std::optional<RecordHeader> header_of(const std::optional<RecordView>& record) {
  if (!record) return std::nullopt;
  return record->header();
}

}  // namespace

// -------- the authority's records

const TreeInfo* Applier::tree(TreeId id) {
  if (!last_tree_ || last_tree_->id() != id) last_tree_ = catalogue_->find(id);
  return last_tree_.get();
}

// A value as it came, checked: it may be stored. Errors: bad_request, invalid.
Result<RecordView> Applier::checked(const TreeInfo& tree, std::span<const std::byte> value) {
  auto record = RecordView::parse(value);
  if (!record) return bad_server("a record that contradicts its header.");
  if (record->header().removed()) return *record;
  // Only what was migrated has to be looked up.
  TreeInfoPtr earlier;
  if (record->header().schema_version < tree.generation()) {
    earlier = catalogue_->describing(tree.id(), record->header().schema_version);
    if (!earlier) return bad_server("a record of a version that is not in the catalogue.");
  }
  auto body = (earlier ? *earlier : tree).shape().check(std::as_bytes(record->body()), scratch_);
  if (!body) return body.error();
  if (body->words().data() != record->body().data())
    return bad_server("a body that is not canonical.");
  if (record->header().released() && record->hash() != content_hash(record->body())) {
    return bad_server("a released body that does not have the hash it was released with.");
  }
  return *record;
}

// A header that came alone, with the body that is here, in room_.
Result<std::span<const std::byte>> Applier::with_our_body(AnyKey key,
                                                          std::span<const std::byte> value) {
  if (value.size() < sizeof(RecordHeader) || value.size() % 8 != 0)
    return bad_server("a header of a wrong length.");
  RecordHeader header;
  std::memcpy(&header, value.data(), sizeof header);
  std::span<const std::byte> body;
  if (!header.removed()) {
    auto ours = writer_.base(key);
    if (!ours) ours = writer_.visible(key);
    if (!ours) return bad_server("a header for a record this replica does not have.");
    body = std::as_bytes(ours->body());
  }
  room_.resize((value.size() + body.size()) / 8);
  auto to = reinterpret_cast<std::byte*>(room_.data());
  std::memcpy(to, value.data(), sizeof header);
  if (!body.empty()) std::memcpy(to + sizeof header, body.data(), body.size());
  const auto hash = value.subspan(sizeof header);
  if (!hash.empty()) std::memcpy(to + sizeof header + body.size(), hash.data(), hash.size());
  return std::as_bytes(std::span(room_));
}

Result<Done> Applier::change(protocol::Change::Reader change) {
  AnyKey key(TreeId{change.getTree()}, KeyWord(change.getKey()));
  const TreeInfo* info = tree(key.tree);
  if (!info || key.word.floats()) return bad_server("a change of something that is no record.");
  auto value = bytes_of(change.getValue());
  if (change.getHeaderOnly()) {
    auto whole = with_our_body(key, value);
    if (!whole) return whole.error();
    value = *whole;
  }
  auto record = checked(*info, value);
  if (!record) return record.error();
  authority_has(key, *record, change);
  return Done{};
}

Result<Done> Applier::snapshot_record(TreeId tree, protocol::Change::Reader record) {
  if (record.getHeaderOnly()) return bad_server("a header alone in a first sync.");
  if (record.getTree() != 0 && record.getTree() != tree.value)
    return bad_server("a record of another tree in a first sync.");
  AnyKey key(tree, KeyWord(record.getKey()));
  const TreeInfo* info = this->tree(tree);
  if (!info || key.word.floats()) return bad_server("a record of no tree.");
  auto view = checked(*info, bytes_of(record.getValue()));
  if (!view) return view.error();
  if (writer_.is_beyond(key)) {
    writer_.show_new(key, *view);
    follow_borrow(key, std::nullopt, view->header(), record);
  } else {
    authority_has(key, *view, record);
  }
  return Done{};
}

void Applier::authority_has(AnyKey key, RecordView value, protocol::Change::Reader change) {
  auto current = writer_.visible(key);
  const bool differs = current && LocalMark::is_local(current->header());
  auto before = differs ? header_of(writer_.base(key)) : header_of(current);
  const RecordHeader now = value.header();
  if (!differs) {
    if (current) {
      writer_.show(key, value);
    } else {
      writer_.show_new(key, value);
    }
    return follow_borrow(key, before, now, change);
  }
  const RecordHeader mine = current->header();
  if (!before && is_our_create(key, mine)) {
    // Accepted, though its answer was lost: others may have gone on from it, and what they did must
    // not be seen in halves.
    writer_.show(key, value);
    if (now.token == 0) drop_own_grant(key);
    return follow_borrow(key, before, now, change);
  }
  const bool has_own_body = !before || mine.released() != before->released() ||
                            mine.removed() != before->removed() || differs_from_base(key);
  writer_.set_base(key, value);
  follow_borrow(key, before, now, change);
  if (!before && now.token == 0) drop_own_grant(key);
  if (!LocalMark::is_edited(mine) && !has_own_body) return show_below(key, mine, *before, value);
  if (!LocalMark::is_edited(mine)) return;
  const bool lost = !(mine.token & OwnGrant::kBit) && mine.token != now.token;
  if (lost) return rescue_edit_above(key, LocalMark::operation(mine), borrow_lost(key, now));
  if (LocalMark::operation(mine) != 0) return;
  // Somebody moved its state number: the edit stays, on top of that.
  RecordHeader header = now;
  header.sequence = mine.sequence;
  header.schema_version = mine.schema_version;
  writer_.show_header(key, header);
}

// A state number or a return that waits for its answer stays, on top of what others did meanwhile:
// else their transaction would be seen in halves.
void Applier::show_below(AnyKey key, const RecordHeader& mine, const RecordHeader& before,
                         RecordView value) {
  RecordHeader header = value.header();
  header.sequence = mine.sequence;
  if (mine.state != before.state) header.state = mine.state;
  if (mine.token == 0 && before.token != 0 && header.token == before.token) {
    header.token = 0;
    header.borrower = 0;
  }
  writer_.show(key, header, value.body());
}

bool Applier::is_our_create(AnyKey key, const RecordHeader& mine) {
  if (LocalMark::is_edited(mine) || mine.token != 0) return false;
  const std::uint64_t operation = LocalMark::operation(mine);
  // A release brings thousands of records of one operation, and its request has as many actions.
  if (operation != created_by_) {
    created_.clear();
    created_by_ = operation;
    for (const Touched& touched : touched_by(operation)) {
      if (touched.kind == protocol::Action::Kind::CREATE) created_.insert(touched.key);
    }
  }
  return created_.contains(key);
}

void Applier::drop_own_grant(AnyKey key) {
  auto holder = writer_.holder(key);
  if (holder && (holder->token & OwnGrant::kBit)) writer_.set_holder(key, std::nullopt);
}

void Applier::follow_borrow(AnyKey key, const std::optional<RecordHeader>& before,
                            const RecordHeader& now, protocol::Change::Reader change) {
  if (now.token != 0) {
    Holder holder = to_holder(change.getBorrow());
    holder.client = now.borrower;
    holder.token = now.token;
    tell_if_overdue(key, holder);
    writer_.set_holder(key, holder);
  } else if (before && before->token != 0) {
    writer_.set_holder(key, std::nullopt);
  }
}

void Applier::tell_if_overdue(AnyKey key, const Holder& now) {
  if (now.overdue_us == 0) return;
  const auto before = writer_.holder(key);
  if (before && before->overdue_us != 0 && before->token == now.token) return;
  Event event;
  event.kind = Event::Kind::overdue;
  event.key = key;
  event.holder = now;
  writer_.tell(std::move(event));
}

Error Applier::borrow_lost(AnyKey key, const RecordHeader& authority) const {
  std::string name = catalogue_->format(key);
  const std::uint32_t ourselves = writer_.replica().client_number();
  for (const EndedBorrow& ended : endings_) {
    if (ended.record != key.record() || ended.holder.client != ourselves) continue;
    Error lost = error(Errc::borrow_lost,
                       ended.sentence(name) +
                           " Your changes are kept as a conflict: borrow it again and apply them.",
                       key);
    lost.holder = ended.by;
    return lost;
  }
  return error(
      Errc::borrow_lost,
      "The borrow of " + name + " is over" +
          (authority.borrower ? ", and client " + std::to_string(authority.borrower) + " has it now"
                              : "") +
          ". Your changes are kept as a conflict: borrow it again and apply them.",
      key);
}

void Applier::rescue_edit(AnyKey key, const Error& why) {
  auto mine = writer_.visible(key);
  COPPICE_CHECK(mine.has_value());
  keep_edit_as_conflict(writer_, key, *mine, why);
  writer_.show_base(key);
  drop_own_grant(key);
}

// What was handed in before the edit waits for its answer still, and is shown until that has come.
void Applier::rescue_edit_above(AnyKey key, std::uint64_t operation, const Error& why) {
  if (operation == 0) return rescue_edit(key, why);
  keep_edit_as_conflict(writer_, key, *writer_.visible(key), why);
  show_as_left_by(key, operation);
}

// -------- answers

std::optional<store::Bytes> Applier::request(std::uint64_t operation) const {
  return writer_.txn().find(writer_.replica().tables().outbox, operation);
}

std::vector<Applier::Touched> Applier::touched_by(std::uint64_t operation) const {
  std::vector<Touched> touched;
  auto bytes = request(operation);
  if (!bytes) return touched;
  StoredRequest stored(*bytes);
  if (!stored.reader().isTransaction()) return touched;
  for (auto action : stored.reader().getTransaction().getActions()) {
    AnyKey key(TreeId{action.getTree()}, KeyWord(action.getKey()));
    touched.push_back({key, action.getKind(), action.getToken(), action.getPins()});
    if (action.getKind() == protocol::Action::Kind::NEXT_REVISION) {
      KeyWord head(key.word.id(), Revision{key.word.revision().value - 1});
      touched.push_back({AnyKey(key.tree, head), action.getKind(), action.getToken()});
    }
  }
  return touched;
}

void Applier::forget_request(std::uint64_t operation) {
  writer_.txn().erase(writer_.replica().tables().outbox, operation);
  writer_.txn().erase(writer_.replica().tables().awaiting, operation);
  writer_.txn().erase(*writer_.replica().tables().intents, operation);
}

Applier::AcceptedResult Applier::accepted(std::uint64_t operation,
                                          protocol::Accepted::Reader accepted,
                                          std::uint64_t cursor) {
  if (!request(operation)) return {};
  if (confirm_creates(operation, accepted)) return {.known = true, .over = true};
  if (accepted.getFirst() > accepted.getLast() || accepted.getLast() <= cursor) {
    finish(operation);
    return {.known = true, .over = true};
  }
  writer_.txn().put(writer_.replica().tables().awaiting, operation,
                    store::bytes_of(accepted.getLast()));
  return {.known = true, .over = false};
}

bool Applier::confirm_creates(std::uint64_t operation, protocol::Accepted::Reader accepted) {
  StoredRequest stored(*request(operation));
  const auto creates = stored.pure_creates();
  if (!creates) return false;
  // Copied, as the request lies in the store that is now written.
  std::vector<std::pair<AnyKey, RecordHeader>> confirmed;
  confirmed.reserve(creates->size());
  // Exactly the headers the authority gave them (protocol.capnp, Accepted).
  RecordHeader header;
  header.author = writer_.replica().client_number();
  header.created_us = header.changed_us = accepted.getTime();
  header.iteration = 1;
  header.flags = RecordHeader::kFresh;
  header.sequence = accepted.getFirst();
  for (auto create : *creates) {
    header.body_sequence = header.sequence;
    header.schema_version = create.getSchemaVersion();
    confirmed.emplace_back(AnyKey(TreeId{create.getTree()}, KeyWord(create.getKey())), header);
    ++header.sequence;
  }
  writer_.confirm_creates(operation, confirmed);
  forget_request(operation);
  return true;
}

std::vector<Applier::Over> Applier::reach(std::uint64_t cursor) {
  std::vector<Over> over;
  {
    store::Cursor walk(writer_.txn(), writer_.replica().tables().awaiting);
    for (bool more = walk.first(); more; more = walk.next()) {
      if (walk.value_number() <= cursor) over.push_back({walk.key_number(), walk.value_number()});
    }
  }
  for (const Over& one : over) finish(one.operation);
  return over;
}

void Applier::finish(std::uint64_t operation) {
  for (const Touched& touched : touched_by(operation)) confirm(touched, operation);
  forget_request(operation);
}

void Applier::confirm(const Touched& touched, std::uint64_t operation) {
  auto current = writer_.visible(touched.key);
  if (!current || LocalMark::operation(current->header()) != operation) return;
  if (!LocalMark::is_edited(current->header())) return writer_.show_base(touched.key);
  auto authority = writer_.base(touched.key);
  if (!authority) return;
  // Edited again meanwhile: that edit now stands on what the authority accepted.
  RecordHeader header = authority->header();
  if (header.token == 0 || header.borrower != writer_.replica().client_number()) {
    return rescue_edit(touched.key, borrow_lost(touched.key, header));
  }
  header.sequence = LocalMark::edited(0);
  header.schema_version = current->header().schema_version;
  writer_.show_header(touched.key, header);
}

bool Applier::answered(std::uint64_t operation) {
  bool known = request(operation).has_value();
  if (known) forget_request(operation);
  return known;
}

void Applier::leased(protocol::Lease::Reader lease) {
  IdRange range{lease.getBegin(), lease.getBegin(), lease.getEnd()};
  std::uint64_t stored[2] = {range.next, range.end};
  writer_.txn().put(writer_.replica().tables().leases,
                    PairKey(TreeId{lease.getTree()}, range.begin).bytes(), store::bytes_of(stored));
}

// -------- refusals

bool Applier::refused(std::uint64_t operation, const std::vector<Error>& reasons) {
  auto bytes = request(operation);
  if (!bytes) return false;
  if (StoredRequest(*bytes).reader().isTransaction()) {
    auto touched = touched_by(operation);
    keep_request_as_conflict(writer_, operation, reasons);
    // What was handed in is put back to where it was before other steps show the authority's state.
    std::stable_partition(touched.begin(), touched.end(), [](const Touched& one) {
      return one.kind == protocol::Action::Kind::CHECK_IN;
    });
    for (const Touched& one : touched) take_back(one, operation, reasons.front());
  } else {
    for (AnyKey key : heads_given_back(operation))
      take_back({key, protocol::Action::Kind::SET_STATE, 0}, operation, reasons.front());
  }
  forget_request(operation);
  return true;
}

bool Applier::still_ours(AnyKey key, std::uint64_t token) const {
  auto authority = writer_.base(key);
  if (!authority) return false;
  const RecordHeader& header = authority->header();
  return header.borrower == writer_.replica().client_number() && header.token != 0 &&
         !header.released() && ((token & OwnGrant::kBit) || header.token == token);
}

std::uint64_t Applier::open_operation_on(AnyKey key) const {
  std::uint64_t last = 0;
  store::Cursor walk(writer_.txn(), writer_.replica().tables().awaiting);
  for (bool more = walk.first(); more; more = walk.next()) {
    for (const Touched& touched : touched_by(walk.key_number())) {
      // A release and a new state leave no body behind that work could go on from.
      const bool leaves_body = touched.kind != protocol::Action::Kind::RELEASE &&
                               touched.kind != protocol::Action::Kind::SET_STATE;
      if (touched.key == key && leaves_body) last = walk.key_number();
    }
  }
  return last;
}

void Applier::show_as_left_by(AnyKey key, std::uint64_t operation) {
  RecordHeader header = writer_.visible(key)->header();
  header.sequence = LocalMark::queued(operation);
  auto handed_in = StoredRequest(*request(operation)).body_of(key);
  if (!handed_in) return writer_.show_header(key, header);
  header.flags &= static_cast<std::uint16_t>(~RecordHeader::kRemoved);
  header.schema_version = writer_.replica().version_in_request(writer_.txn(), operation, key.tree,
                                                               handed_in->schema_version);
  writer_.show(key, header,
               std::vector<std::uint64_t>(handed_in->body.begin(), handed_in->body.end()));
}

bool Applier::differs_from_base(AnyKey key) const {
  auto authority = writer_.base(key);
  return !authority || !std::ranges::equal(authority->body(), writer_.visible(key)->body());
}

void Applier::take_back(const Touched& touched, std::uint64_t operation, const Error& why) {
  using Kind = protocol::Action::Kind;
  auto current = writer_.visible(touched.key);
  if (!current || LocalMark::operation(current->header()) != operation) return;
  const bool edited = LocalMark::is_edited(current->header());
  const std::uint64_t open = open_operation_on(touched.key);
  const bool is_work = ((touched.kind == Kind::CHECK_IN && !touched.pins) || edited) &&
                       (open != 0 || differs_from_base(touched.key));
  const bool can_stay = writer_.can_read(touched.key, *current);
  if (is_work && can_stay && (open != 0 || still_ours(touched.key, touched.token))) {
    // The work stays where it is, and the borrow with it.
    RecordHeader header = open != 0 ? current->header() : writer_.base(touched.key)->header();
    header.sequence = LocalMark::edited(open);
    header.schema_version = current->header().schema_version;
    return writer_.show_header(touched.key, header);
  }
  if (edited) {
    auto authority = writer_.base(touched.key);
    // Where the authority has no such revision, the edit goes the way of what it stood on.
    const bool is_lost = authority && can_stay;
    return rescue_edit(touched.key, is_lost ? borrow_lost(touched.key, authority->header()) : why);
  }
  if (open != 0) return show_as_left_by(touched.key, open);
  writer_.show_base(touched.key);
  if (!writer_.visible(touched.key)) drop_own_grant(touched.key);
}

std::vector<AnyKey> Applier::heads_given_back(std::uint64_t operation) const {
  std::vector<AnyKey> heads;
  StoredRequest stored(*request(operation));
  if (!stored.reader().isGiveBack()) return heads;
  for (auto record : stored.reader().getGiveBack().getRecords()) {
    const TreeId tree{record.getTree()};
    auto head = writer_.head(AnyKey(tree, KeyWord(RecordId{record.getId()}, Revision{0})));
    if (head) heads.push_back(AnyKey(tree, head->key));
  }
  return heads;
}

bool Applier::gave_back(std::uint64_t operation) {
  if (!request(operation)) return false;
  for (AnyKey key : heads_given_back(operation)) end_borrow_here(key, operation);
  forget_request(operation);
  return true;
}

// The authority has ended the borrow; its own word of that is on the way.
void Applier::end_borrow_here(AnyKey key, std::uint64_t operation) {
  auto current = writer_.visible(key);
  if (LocalMark::operation(current->header()) != operation) return;
  if (auto open = open_operation_on(key)) return show_as_left_by(key, open);
  auto authority = writer_.base(key);
  if (!authority) return writer_.show_base(key);
  RecordHeader header = authority->header();
  if (header.borrower == writer_.replica().client_number()) {
    header.token = 0;
    header.borrower = 0;
    writer_.set_holder(key, std::nullopt);
  }
  const auto body = writer_.base(key)->body();
  writer_.show(key, header, std::vector<std::uint64_t>(body.begin(), body.end()));
  writer_.drop_base(key);
}

}  // namespace coppice::client
