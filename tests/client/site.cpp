#include "tests/client/site.h"

#include <algorithm>

#include "server/invariants.h"

namespace coppice::test {
namespace {

constexpr char kUrl[] = "ws://server:7400/shop";
constexpr int kRoundsMax = 20'000;

store::Environment::Options quick() {
  store::Environment::Options options;
  options.map_bytes = std::size_t{64} << 20;
  options.wait_for_disk = false;
  return options;
}

std::vector<std::uint64_t> words_of(RecordView record) {
  std::vector<std::uint64_t> words(record.value().size() / 8);
  std::memcpy(words.data(), record.value().data(), record.value().size());
  return words;
}

}  // namespace

// ---------------------------------------------------------------------------------------- Site

Site::Site(server::Options options) : options_(std::move(options)) {
  options_.database_name = "shop";
  options_.index_runs = {.direct_max = 2, .fan_out = 2, .bytes_max = 1 << 14};
  start_server();
}

Site::~Site() { stop_server(); }

void Site::start_server() {
  if (core_) return;
  database_ = std::make_unique<store::Database>(data(), store::Role::authority, quick());
  auto& sessions = network.attach_server(*this);
  core_ = std::make_unique<server::ServerCore>(*database_, options_, sessions,
                                               [this] { return random(); });
}

void Site::stop_server() {
  if (!core_) return;
  network.detach_server();
  core_.reset();
  database_.reset();
}

Result<server::MigrationReport> Site::migrate(const std::vector<Migration>& migrations) {
  store::Database database(folder_ / "server", store::Role::authority, quick());
  return server::migrate(database, migrations, server::MigrationRun::real, now_us);
}

void Site::opened(wire::SessionId session, const std::string& database, const std::string& peer) {
  core_->opened(session, database, peer, now_us);
}
void Site::received(wire::SessionId session, wire::Frame frame) {
  core_->received(session, std::move(frame), now_us);
}
void Site::drained(wire::SessionId session) { core_->drained(session, now_us); }
void Site::closed(wire::SessionId session, const wire::Closed&) { core_->closed(session, now_us); }

bool Site::step() {
  bool worked = network.run_until_idle() > 0;
  if (core_ && core_->step(now_us)) worked = true;
  for (Desk* desk : desks_) {
    if (!desk->client_) continue;
    (*desk)->step(now_us);
    desk->poll();
  }
  return network.run_until_idle() > 0 || worked;
}

void Site::work() {
  core_->step(now_us);
  network.run_until_idle();
}

void Site::settle() {
  int quiet = 0;
  for (int round = 0; quiet < 3; ++round) {
    REQUIRE(round < kRoundsMax);
    quiet = step() ? 0 : quiet + 1;
    const bool waiting = std::ranges::any_of(desks_, [](Desk* desk) {
      return desk->client_ && (*desk)->status().connection == Connection::connecting;
    });
    if (quiet > 0 && waiting && core_) {
      now_us += 250'000;
      quiet = 0;
    }
  }
}

std::optional<std::vector<std::uint64_t>> Site::stored(AnyKey key) {
  auto txn = database_->read();
  const auto tree = database_->tree(key.tree);
  const auto found = tree ? tree->find(txn, key.word) : std::nullopt;
  if (!found) return std::nullopt;
  return words_of(*found);
}

RecordHeader Site::header(AnyKey key) {
  auto txn = database_->read();
  const auto found = database_->tree(key.tree)->find(txn, key.word);
  REQUIRE(found);
  return found->header();
}

std::size_t Site::count(TreeId id) {
  auto txn = database_->read();
  const auto tree = database_->tree(id);
  if (!tree) return 0;
  std::size_t count = 0;
  for (store::RecordCursor cursor(txn, *tree); cursor; cursor.next()) {
    if (!cursor.record().header().removed()) ++count;
  }
  return count;
}

std::vector<std::string> Site::faults() { return server::check_invariants(*database_); }

// ---------------------------------------------------------------------------------------- Desk

// The loopback, with a window for the test to look at what passes, and to change it.
class Desk::Line final : public client::Transport, wire::ClientEvents {
 public:
  Line(Desk& desk, wire::ClientEvents& events)
      : desk_(desk), events_(events), connection_(desk.site_.network.client(*this)) {
    desk.line_ = this;
  }
  ~Line() override { desk_.line_ = nullptr; }

  void connect(const std::string& url) override {
    if (desk_.on_connect) desk_.on_connect();
    connection_->connect(url.substr(url.find_last_of('/') + 1));
  }
  void send(wire::Frame frame) override { connection_->send(std::move(frame)); }
  void consumed(std::size_t size_bytes) override { connection_->consumed(size_bytes); }
  void close() override { connection_->close(); }

  void opened() override { events_.opened(); }
  void received(wire::Frame frame) override {
    const std::size_t size_bytes = frame.size_bytes();
    std::optional<wire::Frame> passed = std::move(frame);
    if (desk_.on_receive) passed = desk_.on_receive(std::move(*passed));
    if (passed) return events_.received(std::move(*passed));
    connection_->consumed(size_bytes);
  }
  void drained() override { events_.drained(); }
  void closed(const wire::Closed& why) override { events_.closed(why); }

  wire::LoopbackConnection& connection() { return *connection_; }
  void inject(wire::Frame frame) { events_.received(std::move(frame)); }

 private:
  Desk& desk_;
  wire::ClientEvents& events_;
  std::unique_ptr<wire::LoopbackConnection> connection_;
};

Desk::Desk(Site& site, std::string name) : folder(site.folder_ / name), site_(site) {
  options.name = std::move(name);
  options.user = "user of " + options.name;
  options.trees = shop_trees();
  options.sync = Client::Sync::stepped;
  options.wait_for_disk = false;
  site_.desks_.push_back(this);
}

Desk::~Desk() {
  client_.reset();
  std::erase(site_.desks_, this);
}

Client& Desk::open() {
  client_.emplace(client::open_client(
      folder, options,
      [this](wire::ClientEvents& events) { return std::make_unique<Line>(*this, events); },
      [this] { return site_.random(); }, runs));
  return *client_;
}

Client& Desk::reopen() {
  close();
  return open();
}

Client& Desk::go_on_line() {
  if (!client_) open();
  connect();
  site_.settle();
  REQUIRE((*this)->status().connection == Connection::live);
  return *client_;
}

void Desk::go_off_line() {
  (*this)->disconnect();
  site_.settle();
}

void Desk::connect() { REQUIRE((*this)->connect(kUrl)); }

void Desk::cut() { site_.network.cut(line_->connection()); }

void Desk::inject(wire::Frame frame) { line_->inject(std::move(frame)); }

void Desk::poll() {
  for (Event& event : (*this)->poll()) events_.push_back(std::move(event));
}

std::vector<Event> Desk::events() {
  poll();
  return std::exchange(events_, {});
}

std::size_t Desk::count(Event::Kind kind) {
  const auto all = events();
  return static_cast<std::size_t>(
      std::ranges::count_if(all, [&](const Event& event) { return event.kind == kind; }));
}

Key<shop::Part> Desk::make_part(const std::string& number, Borrowing borrowing) {
  const auto key = (*this)->write([&](Transaction& t) {
    return t.create<shop::Part>([&](shop::Part::Builder part) { part.setNumber(number); },
                                borrowing);
  });
  REQUIRE(key);
  return *key;
}

std::string Desk::title(Key<shop::Part> key) {
  const auto now = (*this)->snapshot();
  const auto part = now.get(key);
  return part ? std::string((*part)->getTitle().cStr()) : "(no record)";
}

void Desk::borrow(AnyKey key) {
  const auto borrow = (*this)->check_out(key);
  site_.settle();
  REQUIRE(borrow.result());
  REQUIRE(*borrow.result());
}

Result<Done> Desk::retitle(Key<shop::Part> key, const std::string& title) {
  return (*this)->write([&](Transaction& t) { t.edit(key).setTitle(title); });
}

Result<Done> Desk::check_in(AnyKey key, Borrowing borrowing) {
  return (*this)->write([&](Transaction& t) { t.check_in(key, {}, borrowing); });
}

void Desk::release(AnyKey key) {
  borrow(key);
  REQUIRE((*this)->write([&](Transaction& t) { t.release(key); }));
  site_.settle();
  REQUIRE(header(key).released());
}

std::optional<std::vector<std::uint64_t>> Desk::value(AnyKey key) {
  const auto now = (*this)->snapshot();
  const auto found = now.get(key);
  if (!found) return std::nullopt;
  return words_of(found->view);
}

RecordHeader Desk::header(AnyKey key) {
  const auto now = (*this)->snapshot();
  const auto found = now.get(key);
  REQUIRE(found);
  return found->header();
}

bool Desk::holds(AnyKey key) {
  return std::ranges::any_of((*this)->borrowed(),
                             [&](AnyKey held) { return held.record() == key.record(); });
}

void check_equal(Site& site, Desk& desk) {
  CHECK(site.faults() == std::vector<std::string>{});
  CHECK(desk->check_invariants() == std::vector<std::string>{});
  if (desk->status().connection == Connection::live) {
    const auto comparing = desk->compare();
    site.settle();
    REQUIRE(accepted(comparing));
    CHECK((*comparing.result())->equal());
  }
  for (const auto& tree : desk.options.trees) {
    std::vector<AnyKey> keys;
    {
      const auto now = desk->snapshot();
      auto walk = now.walk(tree.id);
      while (const auto record = walk.next()) keys.push_back(record->key);
    }
    CHECK(keys.size() == site.count(tree.id));
    for (AnyKey key : keys) {
      INFO(desk->format(key));
      CHECK(desk.value(key) == site.stored(key));
    }
  }
}

}  // namespace coppice::test
