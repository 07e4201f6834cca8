#include "wire/loopback.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "wire/close_text.h"

namespace coppice::wire {
namespace {

Closed we_closed() { return {Closed::Reason::orderly, "We closed the connection."}; }
Closed network_lost() { return {Closed::Reason::lost, "The connection was lost."}; }
Closed no_server() { return {Closed::Reason::unreachable, "The server cannot be reached."}; }

}  // namespace

// The server's handle on the network. It outlives every server.
class LoopbackNetwork::Sessions final : public ServerSessions {
 public:
  explicit Sessions(LoopbackNetwork& network) : network_(network) {}

  void send(SessionId session, Frame frame) override {
    network_.send(session, kServer, std::move(frame));
  }
  void close(SessionId session, const std::string& text) override {
    network_.close(session, kServer, text);
  }
  void consumed(SessionId session, std::size_t size_bytes) override {
    network_.consumed(session, kServer, size_bytes);
  }

 private:
  LoopbackNetwork& network_;
};

// ---- The client's end

LoopbackConnection::~LoopbackConnection() { network_.abandon(*this); }

void LoopbackConnection::connect(const std::string& database) {
  if (!session_) network_.connect(*this, database);
}
void LoopbackConnection::send(Frame frame) {
  if (session_) network_.send(*session_, LoopbackNetwork::kClient, std::move(frame));
}
void LoopbackConnection::close() {
  if (session_) network_.close(*session_, LoopbackNetwork::kClient, "");
}
void LoopbackConnection::consumed(std::size_t size_bytes) {
  if (session_) network_.consumed(*session_, LoopbackNetwork::kClient, size_bytes);
}

// ---- Who is there

LoopbackNetwork::LoopbackNetwork(const SessionLimits& limits, Chooser chooser)
    : limits_(limits), chooser_(std::move(chooser)), sessions_(std::make_unique<Sessions>(*this)) {}

LoopbackNetwork::~LoopbackNetwork() = default;

ServerSessions& LoopbackNetwork::attach_server(ServerEvents& events) {
  if (server_ != nullptr) throw std::logic_error("LoopbackNetwork: a server is attached already");
  server_ = &events;
  return *sessions_;
}

void LoopbackNetwork::detach_server() {
  server_ = nullptr;
  for (auto& [id, link] : links_) {
    retire(link.ends[kServer]);
    end_with(link, kClient, link.ends[kClient].opened ? network_lost() : no_server());
  }
  std::erase_if(links_, [](const auto& entry) { return entry.second.ends[kClient].closed; });
}

std::unique_ptr<LoopbackConnection> LoopbackNetwork::client(ClientEvents& events) {
  return std::unique_ptr<LoopbackConnection>(new LoopbackConnection(*this, events));
}

void LoopbackNetwork::connect(LoopbackConnection& connection, const std::string& database) {
  const SessionId id{++last_session_};
  connection.session_ = id;
  Link& link = links_[id];
  link.client = &connection;
  for (const Side side : {kServer, kClient}) {
    for (Lane* lane : {&link.ends[side].incoming, &link.ends[side].drained}) {
      lane->session = id;
      lane->side = side;
    }
  }
  push(link.incoming(kServer), Open{database});
}

void LoopbackNetwork::abandon(LoopbackConnection& connection) {
  if (!connection.session_) return;
  const SessionId id = *connection.session_;
  Link& link = *find(id);
  link.client = nullptr;
  retire(link.ends[kClient]);
  end_with(link, kServer, network_lost());
  forget_if_over(id);
}

void LoopbackNetwork::cut(LoopbackConnection& connection) {
  if (!connection.session_) return;
  Link& link = *find(*connection.session_);
  end_with(link, kServer, network_lost());
  end_with(link, kClient, link.ends[kClient].opened ? network_lost() : no_server());
}

// ---- What they do

void LoopbackNetwork::send(SessionId session, Side from, Frame frame) {
  Link* link = find(session);
  if (link == nullptr) return;
  End& sender = link->ends[from];
  if (!sender.opened || !sender.sends) return;
  sender.drained.items.clear();
  refresh(sender.drained);
  push(link->incoming(other(from)), std::move(frame));
}

void LoopbackNetwork::close(SessionId session, Side from, const std::string& text) {
  Link* link = find(session);
  if (link == nullptr || !link->ends[from].sends) return;
  End& sender = link->ends[from];
  if (!sender.opened) {  // a client that gives up: the server is not there, or has not answered yet
    end_with(*link, other(from), network_lost());
    end_with(*link, from, we_closed());
    return;
  }
  sender.sends = false;
  sender.drained.items.clear();
  refresh(sender.drained);
  push(link->incoming(other(from)), Goodbye{close_text(text)});
}

void LoopbackNetwork::consumed(SessionId session, Side side, std::size_t size_bytes) {
  Link* link = find(session);
  if (link == nullptr) return;
  End& end = link->ends[side];
  end.unconsumed_bytes -= std::min(size_bytes, end.unconsumed_bytes);
  refresh(end.incoming);
}

// ---- Queues

LoopbackNetwork::Link* LoopbackNetwork::find(SessionId session) {
  const auto found = links_.find(session);
  return found == links_.end() ? nullptr : &found->second;
}

void LoopbackNetwork::push(Lane& lane, Event event) {
  lane.items.push_back({++last_stamp_, std::move(event)});
  refresh(lane);
}

void LoopbackNetwork::clear(End& end) {
  for (Lane* lane : {&end.incoming, &end.drained}) {
    lane->items.clear();
    refresh(*lane);
  }
}

bool LoopbackNetwork::is_ready(const Lane& lane) {
  if (lane.items.empty()) return false;
  const bool is_frame = std::holds_alternative<Frame>(lane.items.front().event);
  const End& end = find(lane.session)->ends[lane.side];
  return !is_frame || end.unconsumed_bytes <= limits_.inbound_window_bytes;
}

void LoopbackNetwork::refresh(Lane& lane) {
  const bool ready = is_ready(lane);
  if (ready == (lane.ready_index != kNotReady)) return;
  if (ready) {
    lane.ready_index = ready_.size();
    ready_.push_back(&lane);
    return;
  }
  ready_.back()->ready_index = lane.ready_index;
  ready_[lane.ready_index] = ready_.back();
  ready_.pop_back();
  lane.ready_index = kNotReady;
}

void LoopbackNetwork::end_with(Link& link, Side side, const Closed& why) {
  End& end = link.ends[side];
  if (end.closed) return;
  if (side == kServer && !end.opened) return retire(end);  // it never heard of this connection
  clear(end);
  end.sends = false;
  push(end.incoming, why);
}

void LoopbackNetwork::retire(End& end) {
  clear(end);
  end.sends = false;
  end.closed = true;
}

void LoopbackNetwork::forget_if_over(SessionId session) {
  const Link* link = find(session);
  if (link != nullptr && link->ends[kServer].closed && link->ends[kClient].closed) {
    links_.erase(session);
  }
}

// ---- Delivery. The link may be forgotten inside every call of an event: nothing touches it
// afterwards.

bool LoopbackNetwork::step() {
  if (ready_.empty()) return false;
  Lane& lane = choose();
  const SessionId session = lane.session;
  const Side side = lane.side;
  Event event = std::move(lane.items.front().event);
  lane.items.pop_front();
  refresh(lane);
  std::visit([&](auto& some) { deliver(*find(session), side, some); }, event);
  forget_if_over(session);
  return true;
}

std::size_t LoopbackNetwork::run_until_idle() {
  std::size_t count = 0;
  while (step()) ++count;
  return count;
}

LoopbackNetwork::Lane& LoopbackNetwork::choose() {
  if (chooser_) return *ready_.at(chooser_(ready_.size()));
  return **std::ranges::min_element(ready_, {},
                                    [](const Lane* lane) { return lane->items.front().stamp; });
}

void LoopbackNetwork::deliver(Link& link, Side side, Open& open) {
  if (side == kServer && server_ == nullptr) {
    retire(link.ends[kServer]);
    return end_with(link, kClient, no_server());
  }
  link.ends[side].opened = true;
  if (side == kClient) return link.client->events_.opened();
  const SessionId id = link.incoming(kServer).session;
  push(link.incoming(kClient), Open{});
  server_->opened(id, open.database, "loopback:" + std::to_string(id.value));
}

void LoopbackNetwork::deliver(Link& link, Side side, Frame& frame) {
  if (frame.size_bytes() > limits_.frame_size_bytes_max) {
    end_with(link, other(side),
             {Closed::Reason::frame_too_large,
              "The other side refused a frame of ours: it is over its size limit."});
    return conclude(link, side,
                    {Closed::Reason::frame_too_large,
                     "The other side sent a frame of more than " +
                         std::to_string(limits_.frame_size_bytes_max) + " bytes."});
  }
  link.ends[side].unconsumed_bytes += frame.size_bytes();
  refresh(link.incoming(side));
  End& sender = link.ends[other(side)];
  if (link.incoming(side).items.empty() && sender.sends) push(sender.drained, Drained{});
  if (side == kClient) return link.client->events_.received(std::move(frame));
  server_->received(link.incoming(kServer).session, std::move(frame));
}

void LoopbackNetwork::deliver(Link& link, Side side, Goodbye& goodbye) {
  end_with(link, other(side), we_closed());
  if (goodbye.text.empty()) {
    conclude(link, side, {Closed::Reason::orderly, "The other side closed the connection."});
  } else {
    conclude(link, side, {Closed::Reason::refused, std::move(goodbye.text)});
  }
}

void LoopbackNetwork::deliver(Link& link, Side side, Closed& why) { conclude(link, side, why); }

void LoopbackNetwork::deliver(Link& link, Side side, Drained&) {
  if (side == kClient) return link.client->events_.drained();
  server_->drained(link.incoming(kServer).session);
}

void LoopbackNetwork::conclude(Link& link, Side side, const Closed& why) {
  retire(link.ends[side]);
  if (side == kServer) return server_->closed(link.incoming(kServer).session, why);
  LoopbackConnection& client = *std::exchange(link.client, nullptr);
  client.session_.reset();
  client.events_.closed(why);
}

}  // namespace coppice::wire
