#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "server/clients.h"
#include "server/incoming.h"
#include "server/ledger.h"
#include "server/options.h"
#include "server/tables.h"
#include "server/types.h"
#include "server/waiting_lines.h"

namespace coppice::server {

// A request as it waits for its group.
struct PendingRequest {
  wire::SessionId session;
  ClientNumber client;
  std::unique_ptr<Incoming> frame;
  // The connection is still there: only then does the client wait in lines.
  bool connected = true;
  // An earlier request of this connection was refused for want of space, so its operation number is
  // still to come.
  bool after_no_space = false;
  // What the client acknowledged outside of requests.
  std::uint64_t acknowledged = 0;
};

// What became of one request.
struct Outcome {
  enum class Kind {
    executed,  // decided now, or found decided
    no_space,  // not executed, and its number is not used
    broken,    // it breaks the protocol: the connection ends with `text`
  };
  Kind kind = Kind::executed;
  std::vector<std::uint64_t> answer;
  // Sequences of records that their maker knows by itself. first > last: none.
  std::uint64_t fresh_first = 1;
  std::uint64_t fresh_last = 0;
  std::string text;
};

// What a committed group did.
struct GroupResult {
  // One for each request, in their order.
  std::vector<Outcome> outcomes;
  std::map<ClientNumber, Client> clients;
  WaitingLines lines;
  News news;
  std::uint64_t head = 0;
};

// Who may do what, and in which order it happened. Every decision is a function of what is stored
// (and, for waiting only, of who is on line) and the request; effects, answer, operation number and
// audit entry are one write transaction.
//
// Rights are those that the database gives the client's user when the request is decided; that the
// client is this user's was found out at its hello.
//
// Failure: a refused request is an answer like any other and is stored. A full disk refuses a whole
// group without using up its operation numbers. Any other StorageError leaves it open whether the
// commit happened, and must end the process.
class Authority {
 public:
  explicit Authority(const Premises& premises) : premises_(premises) {}

  // Decides the requests in order, as one commit that is durable when this returns.
  GroupResult decide(std::span<PendingRequest> requests, const WaitingLines& lines,
                     std::int64_t now_us);

 private:
  struct Request;

  Outcome execute(Ledger& ledger, PendingRequest& pending);
  Outcome repeat(Ledger& ledger, const Request& request);
  Decision decide(Ledger& ledger, const Request& request);
  Decision transaction(Ledger& ledger, const Request& request);

  const Premises premises_;
};

// The answer to a request that found the disk full.
std::vector<std::uint64_t> no_space_answer(std::uint64_t operation);

}  // namespace coppice::server
