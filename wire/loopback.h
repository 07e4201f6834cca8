#pragma once

// The wire's twin in one process: no socket, no thread, no clock. What happens depends on nothing
// but the calls and the chooser, so a simulation repeats exactly.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "wire/limits.h"
#include "wire/session.h"

namespace coppice::wire {

class LoopbackNetwork;

// A client's end. Behaves as WebSocketConnector does; connect() names the database only, for there
// is one server. Its events come out of LoopbackNetwork::step().
//
// Destroying it is a client's crash: the server's side is lost, and no event comes to the client.
// It may be destroyed from inside its own events. REQUIRES: the network outlives it.
class LoopbackConnection final : public ClientConnection {
 public:
  ~LoopbackConnection() override;
  LoopbackConnection(const LoopbackConnection&) = delete;
  LoopbackConnection& operator=(const LoopbackConnection&) = delete;

  // opened() or closed() follows. Does nothing while an earlier connect() has not yet ended in
  // closed().
  void connect(const std::string& database);

  void send(Frame frame) override;
  void close() override;
  void consumed(std::size_t size_bytes) override;

 private:
  friend class LoopbackNetwork;
  LoopbackConnection(LoopbackNetwork& network, ClientEvents& events)
      : network_(network), events_(events) {}

  LoopbackNetwork& network_;
  ClientEvents& events_;
  // The session it has, or is about to have, at the server.
  std::optional<SessionId> session_;
};

// One server and any number of clients, joined by queues.
//
// Nothing is delivered before step(), which delivers one event: the oldest one, or the one that the
// chooser picks. The chooser picks among *lanes*: each connection has four, towards the server and
// towards the client (opened, received and closed, in order), and each side's drained. So events of
// different connections and directions overtake each other, and those of one direction never do.
//
// As on the real wire: frame_size_bytes_max is the receiver's and ends the connection on both
// sides; a side with more than inbound_window_bytes unconsumed gets no more frames; a side whose
// frames have all been delivered gets drained(); a goodbye comes after the frames before it and
// drops those that come the other way. Unlike there: the timeouts of SessionLimits play no part,
// and a lost connection is noticed by a side that does not read.
//
// Threads: one. Events may call anything here except step(), run_until_idle() and the destructor.
class LoopbackNetwork {
 public:
  // Given the number of lanes that have an event (at least 1), says which comes next: 0 to count
  // - 1. The order of the lanes is arbitrary, but the same in every run.
  using Chooser = std::function<std::size_t(std::size_t count)>;

  explicit LoopbackNetwork(const SessionLimits& limits = {}, Chooser chooser = {});
  ~LoopbackNetwork();
  LoopbackNetwork(const LoopbackNetwork&) = delete;
  LoopbackNetwork& operator=(const LoopbackNetwork&) = delete;

  // The server starts, or starts again. The answer is the same object every time, valid as long as
  // the network. REQUIRES: none is attached; `events` lives until detach_server().
  ServerSessions& attach_server(ServerEvents& events);
  // The server crashes: it gets no more events, everything in flight is gone, its clients get
  // closed(lost), or unreachable where they had not been opened. Until the next attach_server(),
  // who connects finds it unreachable.
  void detach_server();

  std::unique_ptr<LoopbackConnection> client(ClientEvents& events);

  // The network fails: everything in flight between this client and the server is gone, and both
  // get closed(lost). Harmless without a connection.
  void cut(LoopbackConnection& connection);

  // Delivers one event. False: there was none.
  bool step();
  // Steps until there is none; says how many there were. Events that lead to events for ever make
  // it run for ever.
  std::size_t run_until_idle();

 private:
  friend class LoopbackConnection;
  class Sessions;

  struct Open {
    std::string database;  // empty towards the client
  };
  // The other side has called close(). It still has to be told that this has worked; after a Closed
  // nobody has to be told anything.
  struct Goodbye {
    std::string text;
  };
  struct Drained {};
  using Event = std::variant<Open, Frame, Goodbye, Closed, Drained>;

  enum Side : std::size_t { kServer, kClient };
  static constexpr std::size_t kNotReady = ~std::size_t{0};

  // Events towards one side, in order. `ready_index` is its place in ready_.
  struct Lane {
    struct Item {
      std::uint64_t stamp = 0;  // when it was queued: counts all events of the network
      Event event;
    };
    std::deque<Item> items;
    SessionId session;
    Side side = kServer;
    std::size_t ready_index = kNotReady;
  };

  // One side of a connection.
  struct End {
    Lane incoming;
    Lane drained;  // holds one item at most
    std::size_t unconsumed_bytes = 0;
    bool sends = true;  // has not said goodbye
    bool opened = false;
    bool closed = false;  // closed() has been called, or never will be
  };

  struct Link {
    std::array<End, 2> ends;
    LoopbackConnection* client = nullptr;  // null when its end is closed
    Lane& incoming(Side side) { return ends[side].incoming; }
  };

  static Side other(Side side) { return side == kServer ? kClient : kServer; }
  Link* find(SessionId session);

  void connect(LoopbackConnection& connection, const std::string& database);
  void abandon(LoopbackConnection& connection);
  void send(SessionId session, Side from, Frame frame);
  void close(SessionId session, Side from, const std::string& text);
  void consumed(SessionId session, Side side, std::size_t size_bytes);

  void push(Lane& lane, Event event);
  void clear(End& end);
  // Puts the lane into ready_, or takes it out, as its first item says.
  void refresh(Lane& lane);
  bool is_ready(const Lane& lane);
  // Everything in flight towards this side is gone, and `why` is all that still comes.
  void end_with(Link& link, Side side, const Closed& why);
  // Nothing comes to this side or from it any more.
  void retire(End& end);
  Lane& choose();

  void deliver(Link& link, Side side, Open& open);
  void deliver(Link& link, Side side, Frame& frame);
  void deliver(Link& link, Side side, Goodbye& goodbye);
  void deliver(Link& link, Side side, Closed& why);
  void deliver(Link& link, Side side, Drained& drained);
  // Calls closed(), now.
  void conclude(Link& link, Side side, const Closed& why);
  void forget_if_over(SessionId session);

  const SessionLimits limits_;
  Chooser chooser_;
  std::unique_ptr<Sessions> sessions_;
  ServerEvents* server_ = nullptr;  // null: detached
  std::uint64_t last_session_ = 0;
  std::uint64_t last_stamp_ = 0;
  std::map<SessionId, Link> links_;
  std::vector<Lane*> ready_;
};

}  // namespace coppice::wire
