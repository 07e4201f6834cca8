#include "tests/server/fixture.h"

#include <cstring>

#include "schema/body_shape.h"

namespace coppice::server::test {
namespace {

store::Environment::Options quick() {
  store::Environment::Options options;
  options.map_bytes = std::size_t{256} << 20;
  options.wait_for_disk = false;
  return options;
}

std::vector<std::byte> bytes_of(capnp::Data::Reader data) {
  const auto* begin = reinterpret_cast<const std::byte*>(data.begin());
  return {begin, begin + data.size()};
}

capnp::Data::Reader data_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

protocol::TreeSchema::Reader embedded(std::span<const std::uint64_t> words) {
  return capnp::readMessageUnchecked<protocol::TreeSchema>(
      reinterpret_cast<const capnp::word*>(words.data()));
}

Message open(wire::Frame frame) {
  Message message;
  const kj::ArrayPtr words(reinterpret_cast<const capnp::word*>(frame.bytes().data()),
                           frame.size_bytes() / 8);
  message.reader = std::make_unique<capnp::FlatArrayMessageReader>(
      words, capnp::ReaderOptions{.traversalLimitInWords = 1 << 30});
  message.root = message.reader->getRoot<protocol::ToClient>();
  message.frame = std::move(frame);
  return message;
}

}  // namespace

// -------------------------------------------------------------------------------------------------------------
// Server

TestServer::TestServer(Options options) : options_(std::move(options)) { start(); }
TestServer::~TestServer() = default;

void TestServer::start() {
  database_ = std::make_unique<store::Database>(folder_.path(), store::Role::authority, quick());
  core_ = std::make_unique<ServerCore>(*database_, options_, wire_, [this] { return ++random_; });
}

void TestServer::stop() {
  core_.reset();
  database_.reset();
}

void TestServer::restart() {
  stop();
  start();
}

bool TestServer::step() { return core_->step(now_us); }

void TestServer::run() {
  std::size_t sent_before = ~std::size_t{0};
  for (std::size_t sent = 0; step() || sent != sent_before;) {
    sent_before = sent;
    sent = 0;
    for (auto& [session, frames] : wire_.frames) {
      sent += frames.size();
      core_->drained(session, now_us);
    }
  }
}

void TestServer::wait_us(std::int64_t us) {
  now_us += us;
  run();
}

AccessToken TestServer::add_user(const std::string& name, const std::string& role,
                                 std::vector<std::string> trees) {
  const Tables tables(*database_);
  return database_->write([&](store::WriteTxn& txn) {
    const Users users(tables);
    REQUIRE(users.add(txn, {name, role, trees, now_us}).has_value());
    const auto token = users.give_token(txn, name, now_us, [&] { return ++random_; });
    REQUIRE(token.has_value());
    return *token;
  });
}

Records TestServer::records() {
  Records all;
  const auto txn = database_->read();
  for (const auto& [id, info] : database_->catalogue()->trees()) {
    for (store::RecordCursor c(txn, *database_->tree(id)); c; c.next()) {
      const auto value = c.record().value();
      all[AnyKey(id, c.key())] = {value.begin(), value.end()};
    }
  }
  return all;
}

std::optional<RecordHeader> TestServer::header(AnyKey key) {
  const auto txn = database_->read();
  const auto record = database_->tree(key.tree)->find(txn, key.word);
  if (!record) return std::nullopt;
  return record->header();
}

std::uint64_t TestServer::number(const std::string& name) {
  return database_->meta().number(database_->read(), name);
}

// ---------------------------------------------------------------------------------------------------------------
// Peer

Peer::Peer(TestServer& server, std::string user, std::string device,
           std::optional<AccessToken> token)
    : user(std::move(user)),
      device(std::move(device)),
      uuid(16),
      token(std::move(token)),
      server_(server) {
  const auto hash = std::hash<std::string>{}(this->user + "/" + this->device);
  std::memcpy(uuid.data(), &hash, sizeof hash);
  connect();
}

void Peer::connect(const std::function<void(Hello)>& change) {
  session = {++server_.sessions_};
  unit_.clear();
  server_.core().opened(session, "main", user, server_.now_us);
  capnp::MallocMessageBuilder message;
  auto hello = message.initRoot<protocol::ToServer>().initHello();
  hello.setProtocol(protocol::VERSION);
  hello.setClient(data_of(uuid));
  hello.setDevice(device);
  hello.setUser(user);
  hello.setApplication("shop");
  hello.setDatabase(data_of(database_));
  hello.setEpoch(epoch_);
  hello.setCursor(cursor);
  if (first_sync) {
    auto position = hello.initFirstSync();
    position.setSince(first_sync->since);
    position.setTree(first_sync->tree.value);
    position.setKey(first_sync->key.value);
    position.setDone(first_sync->done);
  }
  hello.setAcknowledged(acknowledged);
  hello.setLastOperation(last_operation);
  if (token) hello.setToken({reinterpret_cast<const kj::byte*>(token->data()), token->size()});
  auto schemas = hello.initSchemas(2);
  schemas.setWithCaveats(0, embedded(TreeOf<shop::Part>::schema()));
  schemas.setWithCaveats(1, embedded(TreeOf<shop::Company>::schema()));
  if (change) change(hello);
  send_bytes(frame_of(message));
  server_.run();
  listen();
}

void Peer::look(std::uint16_t protocol, const std::string& database) {
  session = {++server_.sessions_};
  server_.core().opened(session, database, user, server_.now_us);
  look_again(protocol);
}

void Peer::look_again(std::uint16_t protocol) {
  capnp::MallocMessageBuilder message;
  message.initRoot<protocol::ToServer>().setDescribe(protocol);
  send_bytes(frame_of(message));
  server_.run();
  listen();
}

void Peer::disconnect() { server_.core().closed(session, server_.now_us); }

std::optional<std::string> Peer::closed() const {
  const auto found = server_.wire().closed.find(session);
  if (found == server_.wire().closed.end()) return std::nullopt;
  return found->second;
}

std::uint64_t Peer::send(const std::function<void(Request)>& fill) {
  capnp::MallocMessageBuilder message;
  auto request = message.initRoot<protocol::ToServer>().initRequest();
  request.setOperation(++last_operation);
  request.setAcknowledged(acknowledged);
  fill(request);
  sent_[last_operation] = frame_of(message);
  send_bytes(sent_[last_operation]);
  return last_operation;
}

protocol::Answer::Reader Peer::ask(const std::function<void(Request)>& fill) {
  const auto operation = send(fill);
  server_.run();
  listen();
  return answer(operation);
}

void Peer::send_again(std::uint64_t operation) { send_bytes(sent_.at(operation)); }

void Peer::send_bytes(wire::Frame frame) {
  server_.core().received(session, std::move(frame), server_.now_us);
}

protocol::Answer::Reader Peer::answer(std::uint64_t operation) const {
  for (auto message = heard_.rbegin(); message != heard_.rend(); ++message) {
    if (!message->root.isAnswers()) continue;
    for (const auto answer : message->root.getAnswers()) {
      if (answer.getOperation() == operation) return answer;
    }
  }
  FAIL("no answer to operation " << operation << " of " << user);
  return {};
}

std::size_t Peer::count_of_answers(std::uint64_t operation) const {
  std::size_t count = 0;
  for (const auto& message : heard_) {
    if (!message.root.isAnswers()) continue;
    for (const auto answer : message.root.getAnswers()) count += answer.getOperation() == operation;
  }
  return count;
}

protocol::ToClient::Reader Peer::last(protocol::ToClient::Which kind) const {
  for (auto message = heard_.rbegin(); message != heard_.rend(); ++message) {
    if (message->root.which() == kind) return message->root;
  }
  FAIL(user << " has not heard a message of kind " << static_cast<int>(kind));
  return {};
}

std::size_t Peer::count(protocol::ToClient::Which kind) const {
  std::size_t count = 0;
  for (const auto& message : heard_) count += message.root.which() == kind;
  return count;
}

void Peer::listen() { listen(~std::size_t{0}); }

void Peer::listen(std::size_t frames_max) {
  auto& frames = server_.wire().frames[session];
  for (; !frames.empty() && frames_max > 0; --frames_max) {
    heard_.push_back(open(frames.front()));
    frames.pop_front();
    apply(heard_.back().root);
  }
}

void Peer::apply(protocol::ToClient::Reader message) {
  switch (message.which()) {
    case protocol::ToClient::WELCOME: {
      const auto welcome = message.getWelcome();
      database_ = bytes_of(welcome.getDatabase());
      epoch_ = welcome.getEpoch();
      number = welcome.getClientNumber();
      break;
    }
    case protocol::ToClient::SNAPSHOT: {
      const auto part = message.getSnapshot();
      for (const auto change : part.getRecords()) apply(change);
      const auto position = part.getPosition();
      first_sync = FirstSyncPosition{position.getSince(), TreeId{position.getTree()},
                                     KeyWord(position.getKey()), position.getDone()};
      if (part.getLast()) {
        cursor = position.getSince();
        first_sync.reset();
      }
      break;
    }
    case protocol::ToClient::ANSWERS:
      for (const auto answer : message.getAnswers()) apply_own(answer);
      break;
    case protocol::ToClient::CHANGES:
      unit_.push_back(heard_.back().frame);
      if (!message.getChanges().getComplete()) break;
      for (auto& frame : std::exchange(unit_, {})) {
        const Message part = open(frame);
        for (const auto change : part.root.getChanges().getRecords()) apply(change);
      }
      cursor = message.getChanges().getUpTo();
      break;
    default:
      break;
  }
}

void Peer::apply_own(protocol::Answer::Reader answer) {
  const auto sent = sent_.find(answer.getOperation());
  if (!answer.isAccepted() || sent == sent_.end()) return;
  const kj::ArrayPtr words(reinterpret_cast<const capnp::word*>(sent->second.bytes().data()),
                           sent->second.size_bytes() / 8);
  capnp::FlatArrayMessageReader reader(words);
  const auto request = reader.getRoot<protocol::ToServer>().getRequest();
  if (!request.isTransaction()) return;
  const auto actions = request.getTransaction().getActions();
  for (const auto action : actions) {
    if (action.getKind() != protocol::Action::Kind::CREATE || action.getKeepBorrow()) return;
  }
  for (unsigned i = 0; i < actions.size(); ++i) {
    const AnyKey key(TreeId{actions[i].getTree()}, KeyWord(actions[i].getKey()));
    const auto body = bytes_of(actions[i].getBody());
    RecordHeader header;
    header.sequence = header.body_sequence = answer.getAccepted().getFirst() + i;
    header.author = number;
    header.created_us = header.changed_us = answer.getAccepted().getTime();
    header.iteration = 1;
    header.flags = RecordHeader::kFresh;
    header.schema_version = actions[i].getSchemaVersion();
    header.body_words = static_cast<std::uint32_t>(body.size() / 8);
    std::vector<std::byte> value(sizeof header);
    std::memcpy(value.data(), &header, sizeof header);
    value.insert(value.end(), body.begin(), body.end());
    records.emplace(key, std::move(value));
  }
}

void Peer::apply(protocol::Change::Reader change) {
  if (!keeps_records) return;
  const AnyKey key(TreeId{change.getTree()}, KeyWord(change.getKey()));
  auto value = bytes_of(change.getValue());
  if (change.getHeaderOnly()) {
    INFO("the header of a record that " << user << " does not have");
    REQUIRE(records.contains(key));
    RecordHeader header;
    std::memcpy(&header, value.data(), sizeof header);
    auto& known = records[key];
    known.resize(sizeof header + 8 * header.body_words);
    std::memcpy(known.data(), value.data(), sizeof header);
    known.insert(known.end(), value.begin() + sizeof header, value.end());
    value = known;
  }
  records[key] = std::move(value);
}

// --------------------------------------------------------------------------------------------------------
// What is said

AnyKey part(std::uint64_t id, std::uint32_t revision) {
  return {kParts, KeyWord(RecordId{id}, Revision{revision})};
}

AnyKey company(std::uint64_t id) { return {kCompanies, KeyWord(RecordId{id}, Revision{1})}; }

Words part_body(const std::string& number, const std::string& title) {
  capnp::MallocMessageBuilder message;
  auto body = message.initRoot<shop::Part>();
  body.setNumber(number);
  if (!title.empty()) body.setTitle(title);
  return canonical_words(body.asReader());
}

Words company_body(const std::string& name) {
  capnp::MallocMessageBuilder message;
  auto body = message.initRoot<shop::Company>();
  body.setName(name);
  return canonical_words(body.asReader());
}

wire::Frame frame_of(capnp::MessageBuilder& message) {
  const auto words = capnp::messageToFlatArray(message);
  return wire::Frame::copy_of(std::as_bytes(std::span(words.begin(), words.size())));
}

Work& Work::create(AnyKey key, Words body, bool keep) {
  steps_.push_back(
      {.kind = protocol::Action::Kind::CREATE, .key = key, .keep = keep, .body = std::move(body)});
  return *this;
}
Work& Work::check_in(AnyKey key, std::uint64_t token, std::uint32_t base, Words body, bool keep) {
  steps_.push_back({.kind = protocol::Action::Kind::CHECK_IN,
                    .key = key,
                    .token = token,
                    .base = base,
                    .keep = keep,
                    .body = std::move(body)});
  return *this;
}
Work& Work::release(AnyKey key, std::uint64_t token, std::uint32_t base, std::uint16_t state) {
  steps_.push_back({.kind = protocol::Action::Kind::RELEASE,
                    .key = key,
                    .token = token,
                    .base = base,
                    .to = state,
                    .body = {}});
  return *this;
}
Work& Work::next_revision(AnyKey key, std::uint64_t token, Words body) {
  steps_.push_back({.kind = protocol::Action::Kind::NEXT_REVISION,
                    .key = key,
                    .token = token,
                    .body = std::move(body)});
  return *this;
}
Work& Work::set_state(AnyKey key, std::uint16_t from, std::uint16_t to) {
  steps_.push_back(
      {.kind = protocol::Action::Kind::SET_STATE, .key = key, .from = from, .to = to, .body = {}});
  return *this;
}
Work& Work::remove(AnyKey key, std::uint64_t token, std::uint32_t base) {
  steps_.push_back({.kind = protocol::Action::Kind::REMOVE,
                    .key = key,
                    .token = token,
                    .base = base,
                    .body = {}});
  return *this;
}
Work& Work::by_version(std::uint32_t version) {
  version_ = version;
  return *this;
}

Work& Work::overriding() {
  steps_.back().overriding = true;
  return *this;
}
Work& Work::writer(std::uint32_t version) {
  writer_ = version;
  return *this;
}

Work& Work::comment(std::string text) {
  comment_ = std::move(text);
  return *this;
}

void Work::operator()(protocol::Request::Builder request) const {
  auto transaction = request.initTransaction();
  transaction.setComment(comment_);
  auto actions = transaction.initActions(static_cast<unsigned>(steps_.size()));
  for (unsigned i = 0; i < actions.size(); ++i) {
    const Step& step = steps_[i];
    actions[i].setKind(step.kind);
    actions[i].setKeepBorrow(step.keep);
    actions[i].setTree(step.key.tree.value);
    actions[i].setKey(step.key.word.value);
    actions[i].setToken(step.token);
    actions[i].setBaseIteration(step.base);
    actions[i].setStateFrom(step.from);
    actions[i].setStateTo(step.to);
    actions[i].setSchemaVersion(version_);
    actions[i].setWriter(writer_);
    actions[i].setOverride(step.overriding);
    if (step.body.empty()) continue;
    actions[i].setBody({reinterpret_cast<const kj::byte*>(step.body.data()), 8 * step.body.size()});
  }
}

namespace {

void name_all(capnp::List<protocol::RecordName>::Builder to, const std::vector<AnyKey>& records) {
  for (unsigned i = 0; i < to.size(); ++i) {
    to[i].setTree(records[i].tree.value);
    to[i].setId(records[i].id().value);
  }
}

}  // namespace

std::function<void(protocol::Request::Builder)> borrow(std::vector<AnyKey> records,
                                                       std::string purpose) {
  return [records = std::move(records),
          purpose = std::move(purpose)](protocol::Request::Builder request) {
    auto borrow = request.initBorrow();
    name_all(borrow.initRecords(static_cast<unsigned>(records.size())), records);
    borrow.setPurpose(purpose);
    borrow.setExpectedReturn(77);
  };
}

std::function<void(protocol::Request::Builder)> wait_for(std::vector<AnyKey> records) {
  return [records = std::move(records)](protocol::Request::Builder request) {
    name_all(request.initWait().initRecords(static_cast<unsigned>(records.size())), records);
  };
}

std::function<void(protocol::Request::Builder)> give_back(AnyKey record, std::uint64_t token) {
  return [=](protocol::Request::Builder request) {
    auto back = request.initGiveBack();
    name_all(back.initRecords(1), {record});
    back.initTokens(1).set(0, token);
  };
}

std::function<void(protocol::Request::Builder)> lease(TreeId tree, std::uint64_t count) {
  return [=](protocol::Request::Builder request) {
    auto lease = request.initLease();
    lease.setTree(tree.value);
    lease.setCount(count);
  };
}

// -------------------------------------------------------------------------------------------------------
// What is heard

std::string outcome(protocol::Answer::Reader answer) {
  switch (answer.which()) {
    case protocol::Answer::REFUSED:
      break;
    case protocol::Answer::ACCEPTED:
      return "accepted";
    case protocol::Answer::BORROWED:
      return "borrowed";
    case protocol::Answer::WAITING:
      return "waiting";
    case protocol::Answer::GAVE_BACK:
      return "gave back";
    case protocol::Answer::LEASED:
      return "leased";
    case protocol::Answer::DONE:
      return "done";
  }
  std::string codes;
  for (const auto refusal : answer.getRefused()) {
    CHECK(refusal.getText().size() > 10);
    if (!codes.empty()) codes += ", ";
    codes += to_string(static_cast<Errc>(refusal.getCode()));
  }
  return codes;
}

std::uint64_t token_of(protocol::Answer::Reader answer) {
  if (answer.isBorrowed()) return answer.getBorrowed()[0].getToken();
  return answer.getAccepted().getGrants()[0].getToken();
}

Maker::Maker(TestServer& server, std::string user, std::string device,
             std::optional<AccessToken> token)
    : Peer(server, std::move(user), std::move(device), std::move(token)) {
  first_id = ask(lease(kParts, 100)).getLeased().getBegin();
  ask(lease(kCompanies, 100));
}

}  // namespace coppice::server::test
