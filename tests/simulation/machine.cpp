#include "tests/simulation/machine.h"

#include <algorithm>

#include "tests/simulation/violation.h"

namespace coppice::simulation {

// The client's transport: the loopback, as long as the process lives.
class Machine::Line final : public client::Transport, wire::ClientEvents {
 public:
  Line(Machine& machine, wire::ClientEvents& events)
      : machine_(machine), events_(events), connection_(machine.world_.network.client(*this)) {
    machine.line_ = this;
  }
  ~Line() override { machine_.line_ = nullptr; }

  void connect(const std::string& url) override {
    connection_->connect(url.substr(url.find_last_of('/') + 1));
  }
  void send(wire::Frame frame) override {
    if (!machine_.crash_point_.survives_send()) return;
    ++machine_.frames_;
    connection_->send(std::move(frame));
  }
  void consumed(std::size_t size_bytes) override { connection_->consumed(size_bytes); }
  void close() override { connection_->close(); }

  void opened() override {
    machine_.dirty_ = true;
    events_.opened();
  }
  void received(wire::Frame frame) override {
    ++machine_.frames_;
    machine_.dirty_ = true;
    events_.received(std::move(frame));
  }
  void drained() override { events_.drained(); }
  void closed(const wire::Closed& why) override {
    machine_.dirty_ = true;
    events_.closed(why);
  }

  wire::LoopbackConnection& connection() { return *connection_; }

 private:
  Machine& machine_;
  wire::ClientEvents& events_;
  std::unique_ptr<wire::LoopbackConnection> connection_;
};

Machine::Machine(World& world, Directory& directory, std::string name, std::string user)
    : world_(world),
      directory_(directory),
      name_(std::move(name)),
      user_(std::move(user)),
      folder_(world.folder.path() / name_),
      crash_point_(folder_) {
  open();
}

Machine::~Machine() { close(); }

void Machine::open() {
  Client::Options options;
  options.name = name_;
  options.user = user_;
  options.trees = stock_trees();
  options.indexers = {std::make_shared<TrailIndexer>()};
  options.sync = Client::Sync::stepped;
  options.wait_for_disk = false;
  client_.emplace(client::open_client(
      folder_, std::move(options),
      [this](wire::ClientEvents& events) { return std::make_unique<Line>(*this, events); },
      [this] { return world_.random(); }, world_.server_options.index_runs));
  told_.clear();
  dirty_ = true;
}

// No goodbye: the connection dies with the object, and what is in flight with it.
void Machine::close() {
  borrows_.clear();
  lines_.clear();
  returns_.clear();
  dones_.clear();
  leases_.clear();
  events_.clear();
  client_.reset();
}

// ---- What happens to it

void Machine::connect() {
  wants_connection_ = true;
  if (!running()) return;
  const auto connected = client_->connect("ws://server:7400/" + std::string(kDatabaseName));
  require(connected.has_value(), [&] { return "connect: " + connected.error().message; });
}

void Machine::disconnect() {
  wants_connection_ = false;
  if (running()) client_->disconnect();
}

void Machine::cut() {
  if (line_ != nullptr) world_.network.cut(line_->connection());
}

void Machine::crash() {
  if (!running()) return;
  // A cut first, so that a client that says goodbye in its destructor is not heard.
  cut();
  close();
  crash_point_.restore();
}

void Machine::bury() {
  if (crash_point_.reached()) crash();
}

void Machine::restart() {
  if (running()) return;
  open();
  if (wants_connection_) connect();
}

void Machine::step() {
  if (!running()) return;
  client_->step(world_.now_us + skew_us_);
  if (!crash_point_.reached()) poll();
}

// ---- What it is told

void Machine::poll() {
  events_ = client_->poll();
  if (!events_.empty()) dirty_ = true;
  for (const Event& event : events_) {
    check_event(event);
    if (event.kind == Event::Kind::connection) note_trouble(client_->status().reason);
  }
}

// Why a connection was given up is forgotten as soon as its end is told; the report of a failure
// wants it.
void Machine::note_trouble(const std::string& reason) {
  if (reason.starts_with("The server sent")) trouble_ = reason;
}

// X13, the part about events.
void Machine::check_event(const Event& event) {
  if (event.kind == Event::Kind::accepted || event.kind == Event::Kind::conflict) {
    if (event.operation == 0) return;
    // Not in the order of operations: what was accepted is told when it is visible, and some is at
    // once.
    require(told_.insert(event.operation).second, [&] {
      return "X13: " + name_ + " was told twice of operation " + std::to_string(event.operation);
    });
  }
  if (event.kind == Event::Kind::created || event.kind == Event::Kind::changed) {
    const auto found = client_->snapshot().head(event.key);
    require(found.has_value() || world_.ledger.vanishes(event.key) ||
                event.origin == Event::Origin::local,
            [&] {
              return "X13: " + name_ + " was told of " + to_string(event.key) +
                     " before it could see it";
            });
  }
}

bool Machine::live() const {
  if (!running()) return false;
  const Status status = client_->status();
  return status.connection == Connection::live && status.outbox == 0;
}

std::optional<Result<Borrow>> Machine::borrow_answer() const {
  return borrows_.empty() ? std::nullopt : borrows_.back().result();
}

std::optional<Result<InLine>> Machine::line_answer() const {
  return lines_.empty() ? std::nullopt : lines_.back().result();
}

bool Machine::holds(const Name& name) const {
  const auto key = find(name);
  return key && held().contains(key->record());
}

std::set<AnyKey> Machine::held() const {
  std::set<AnyKey> records;
  if (!running()) return records;
  for (const AnyKey key : client_->borrowed()) records.insert(key.record());
  return records;
}

bool Machine::all_answered() const {
  const auto answered = [](const auto& pending) { return pending.result().has_value(); };
  return std::ranges::all_of(borrows_, answered) && std::ranges::all_of(lines_, answered) &&
         std::ranges::all_of(returns_, answered) && std::ranges::all_of(leases_, answered) &&
         std::ranges::all_of(dones_, answered);
}

// ---- The indexer

std::vector<TreeId> TrailIndexer::trees() const {
  return {tree_id(Tree::part), tree_id(Tree::company), tree_id(Tree::movement)};
}

std::uint64_t TrailIndexer::key_of(TreeId tree, const std::string& trail) {
  return tree.value ^ std::hash<std::string>()(trail);
}

void TrailIndexer::change(const IndexedChange& change, IndexWriter& index) {
  const auto entry = [&](RecordView record) {
    return key_of(change.key.tree, trail_of(change.key.tree, record.body()));
  };
  if (change.before) index.remove(entry(*change.before), change.key.word.value);
  if (change.after) index.add(entry(*change.after), change.key.word.value);
}

}  // namespace coppice::simulation
