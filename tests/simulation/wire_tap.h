#pragma once

// Listens to every frame between clients and the authority, and checks what must hold of the
// conversation: each operation has one content and one answer for ever, numbers never go back, and
// check-ins happen under the borrow in force.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coppice/protocol.capnp.h"
#include "tests/simulation/ledger.h"
#include "wire/session.h"

namespace coppice::simulation {

class WireTap {
 public:
  explicit WireTap(Ledger& ledger) : ledger_(ledger) {}

  void opened(wire::SessionId session) { sessions_[session]; }
  // A frame that the server received, or sends. Throws a Violation.
  void to_server(wire::SessionId session, const wire::Frame& frame);
  void to_client(wire::SessionId session, const wire::Frame& frame);

  // Every accepted change was made under a borrow that its client had and nobody else got in
  // between. Once, at the end: answers come late and in any order.
  void check_borrows() const;
  // X7: what each client made lies in its leases.
  void check_leases(const std::string& device, AnyKey record) const;

  struct Counts {
    std::uint64_t frames = 0;
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    std::uint64_t grants = 0;
    std::uint64_t repeated_requests = 0;
    std::uint64_t snapshots = 0;
    std::uint64_t offers = 0;
    std::map<int, std::uint64_t> refusals;  // by code
  };
  const Counts& counts() const { return counts_; }

 private:
  // What a change is done to and under which token.
  struct Step {
    AnyKey record;
    std::uint64_t token = 0;  // 0: needs none
  };
  struct Request {
    std::uint64_t content = 0;  // hash
    std::uint64_t deed = 0;     // 0: not a transaction of a deed
    std::vector<Step> steps;
    std::optional<std::uint64_t> answer;  // hash
    bool is_wait = false;
    std::vector<AnyKey> leased;
    std::uint64_t first = 1;
    std::uint64_t last = 0;
  };
  struct Lease {
    TreeId tree;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  struct Device {
    std::string uuid;
    std::uint32_t number = 0;
    std::uint64_t cursor = 0;
    std::uint64_t last_operation = 0;  // of its hellos
    std::uint64_t executed = 0;        // of the welcomes it got
    std::map<std::uint64_t, Request> requests;
    std::vector<Lease> leases;
  };
  struct Session {
    std::string device;
    std::uint64_t cursor = 0;
    bool welcomed = false;
  };
  struct Grant {
    std::string device;
    std::uint64_t token = 0;
    std::uint64_t sequence = 0;
    std::uint64_t operation = 0;
  };

  void hello(Session& session, protocol::Hello::Reader hello);
  void request(Session& session, protocol::Request::Reader request);
  void welcome(Session& session, protocol::Welcome::Reader welcome);
  void answer(Session& session, protocol::Answer::Reader answer);
  void settle(Session& session, Request& request, protocol::Answer::Reader answer);
  void granted(Session& session, std::uint64_t operation, protocol::Grant::Reader grant);
  void changes(Session& session, protocol::Changes::Reader changes);
  void check_step(const std::string& device, const Request& request, const Step& step) const;

  Ledger& ledger_;
  std::map<wire::SessionId, Session> sessions_;
  std::map<std::string, Device> devices_;
  std::map<AnyKey, std::vector<Grant>> grants_;  // by record
  Counts counts_;
};

}  // namespace coppice::simulation
