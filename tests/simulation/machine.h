#pragma once

// One client of a simulation: its replica, its line to the server, its user who asks for things,
// and its crashes.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/transport.h"
#include "tests/simulation/work.h"
#include "tests/simulation/world.h"

namespace coppice::simulation {

// Which record a name means; shared by all machines.
using Directory = std::map<Name, AnyKey>;

class Machine {
 public:
  // Opens a replica in a folder of its own, off line.
  Machine(World& world, Directory& directory, std::string name, std::string user);
  ~Machine();
  Machine(const Machine&) = delete;

  const std::string& name() const { return name_; }

  // ---- What its user does. Everything is allowed at any time; what cannot be is refused, and what
  // is refused is forgotten.

  // False: refused at once.
  bool write(const Work& work);
  bool create(Names names) { return write({.create = std::move(names)}); }
  bool edit(Names names) { return write({.edit = std::move(names)}); }
  bool check_in(Names names) { return write({.check_in = std::move(names)}); }
  bool release(Names names) { return write({.release = std::move(names)}); }
  void check_out(const Names& names);
  void wait_in_line(const Names& names);
  void give_back(const Names& names);
  void break_borrow(const Names& names);
  void take_over(const Names& names);
  void hand_over(const Names& names, const Machine& to);
  // All that is offered.
  void accept();
  void nudge(const Names& names);
  void fetch_shelves(const Names& names);
  void lease(Tree tree, std::uint64_t count);
  void discard_oldest_conflict();
  void connect();
  void disconnect();

  // ---- What happens to it

  // The network between it and the server fails.
  void cut();
  // The process dies. It is down until restart().
  void crash();
  // It dies when it sends for the nth time from now.
  void crash_at_send(int sends) { crash_point_.arm(sends); }
  void restart();
  bool running() const { return client_.has_value(); }
  // Its own clock goes wrong by so much.
  void skew_clock(std::int64_t seconds) { skew_us_ += seconds * 1'000'000; }

  // ---- For the cluster and for checks

  void step();
  // Ends the process whose crash point was reached.
  void bury();
  // REQUIRES: running().
  Client& client() { return *client_; }
  bool live() const;
  bool wants_connection() const { return wants_connection_; }
  // The answer to the newest check_out or wait_in_line; nothing: none came yet.
  std::optional<Result<Borrow>> borrow_answer() const;
  std::optional<Result<InLine>> line_answer() const;
  bool holds(const Name& name) const;
  // The records it has borrowed, as it knows.
  std::set<AnyKey> held() const;
  // Every answer asked for in this life of the process has come.
  bool all_answered() const;
  // What the client last held against the server; empty: nothing.
  const std::string& trouble() const { return trouble_; }
  // Frames that reached this client or that it sent.
  std::uint64_t frames() const { return frames_; }

  // What this user edited and neither checked in nor threw away: by record, the marks.
  const std::map<AnyKey, std::set<std::uint64_t>>& unsaved() const { return unsaved_; }
  // Something may have changed since the last call.
  bool take_dirty() { return std::exchange(dirty_, false); }
  const std::vector<Event>& events() const { return events_; }

 private:
  class Line;

  void open();
  void close();
  void poll();
  void check_event(const Event& event);
  void note_trouble(const std::string& reason);
  std::optional<AnyKey> find(const Name& name) const;
  std::optional<AnyKey> head(const Snapshot& seen, const Name& name) const;
  std::vector<AnyKey> find(const Names& names) const;
  void do_work(Transaction& transaction, const Work& work, std::uint64_t number, Deed& deed,
               Directory& made);
  std::vector<AnyKey> all_of(Tree tree) const;
  void append_mark(Transaction& transaction, Tree tree, AnyKey key, Mark mark, const Work& work);
  void forget_unsaved(const Work& work);
  void forget_thrown_away(const Conflict& conflict);

  World& world_;
  Directory& directory_;
  const std::string name_;
  const std::string user_;
  const std::filesystem::path folder_;
  CrashPoint crash_point_;
  std::optional<Client> client_;
  Line* line_ = nullptr;  // the client's
  bool wants_connection_ = false;
  bool dirty_ = true;
  std::int64_t skew_us_ = 0;
  std::uint64_t frames_ = 0;
  std::string trouble_;
  std::set<std::uint64_t> told_;  // operations whose end this life's events told
  std::map<AnyKey, std::set<std::uint64_t>> unsaved_;
  std::vector<Event> events_;  // of the last poll
  std::vector<Pending<Borrow>> borrows_;
  std::vector<Pending<InLine>> lines_;
  std::vector<Pending<Done>> returns_;
  std::vector<Pending<Done>> dones_;  // of breaks, offers and nudges
  std::vector<Pending<Leased>> leases_;
};

// Follows every record of every tree: hash of tree and trail -> key.
class TrailIndexer final : public Indexer {
 public:
  static constexpr char kName[] = "trails";
  std::string name() const override { return kName; }
  std::uint32_t version() const override { return 1; }
  std::vector<TreeId> trees() const override;
  void change(const IndexedChange& change, IndexWriter& index) override;
  static std::uint64_t key_of(TreeId tree, const std::string& trail);
};

}  // namespace coppice::simulation
