// The part of ServerCore that lets clients in.

#include <algorithm>
#include <utility>

#include "server/messages.h"
#include "server/outgoing.h"
#include "server/server_core.h"
#include "server/session.h"

namespace coppice::server {
namespace {

void fill(protocol::Limits::Builder to, const Options& options) {
  to.setFrameBytes(options.frame_bytes);
  to.setBodyBytes(options.body_bytes);
  to.setActionsPerTransaction(options.actions_per_transaction);
  to.setRequestsInFlight(options.requests_in_flight);
  to.setLeaseCount(options.lease_count_max);
}

// The versions that the client lacks. Its trees need the newest before anything else; history may
// be long.
struct News {
  std::vector<TreeInfoPtr> newest;
  std::vector<TreeInfoPtr> earlier;
};

News news_for(const Hello& hello, const Catalogue& catalogue) {
  News news;
  for (const auto& [id, tree] : catalogue.trees()) {
    const auto known = hello.known.find(id);
    for (const auto& [number, version] : catalogue.history(id)) {
      if (known != hello.known.end() && known->second.contains(number)) continue;
      (number == tree->version() ? news.newest : news.earlier).push_back(version->info());
    }
  }
  return news;
}

// What the client knows, and no request of it can ask about any more.
void forget_endings(store::WriteTxn& txn, const Tables& tables, ClientNumber client,
                    const Hello& hello) {
  const bool settled = hello.acknowledged == hello.last_operation;
  if (!settled || hello.partial || hello.first_sync) return;
  const Endings endings(tables.endings);
  // Its work is in its own drawer by now.
  for (const Ending& ending : endings.of(txn, client)) {
    if (ending.sequence <= hello.cursor)
      Shelves(tables.shelves).drop(txn, ending.record, ending.token);
  }
  endings.forget_up_to(txn, client, hello.cursor);
}

std::size_t size_of(const std::vector<TreeInfoPtr>& trees) {
  std::size_t size_bytes = 1024;
  for (const auto& tree : trees) size_bytes += 8 * tree->message().size() + 64;
  return size_bytes;
}

}  // namespace

void ServerCore::greet_all() {
  // Greeting one may close another, but erases none.
  for (auto& [id, session] : sessions_) {
    if (session->state == Session::State::greeting) greet(*session);
    if (session->hello) done_with(id, std::exchange(session->hello, nullptr)->size_bytes());
  }
}

void ServerCore::greet(Session& session) {
  std::optional<Result<Hello>> read;
  const auto wrong =
      read_untrusted([&] { read = read_hello(session.hello->message().getHello()); });
  if (wrong)
    return refuse(session, error(Errc::bad_request, "The hello is damaged: " + *wrong + "."));
  if (!*read) return refuse(session, read->error());
  Hello& hello = **read;

  const Greeting greeting(premises_, identity_, head_);
  if (auto known = greeting.authenticate(hello); !known) return refuse(session, known.error());
  if (auto admitted = greeting.admit(hello, session.database); !admitted) {
    return refuse(session, admitted.error());
  }
  const Client* before = clients_.find(hello.client);
  const std::int64_t last_seen_us = before == nullptr ? now_us_ : before->last_seen_us;
  try {
    const auto adopted = greeting.adopt(hello, now_us_);
    if (!adopted) return refuse(session, adopted.error());
    for (const wire::Frame& frame : catalogue_messages(*adopted)) announce(session, frame);
    const Client client = greeting.client_for(hello, now_us_);
    store_client(hello, client);
    session.client = client.number;
  } catch (const NoSpaceError& e) {
    return refuse(session, error(Errc::no_space, e.what()));
  }
  replace_older_session(session);
  welcome(session, hello, last_seen_us);
}

void ServerCore::refuse(Session& session, const Error& error) {
  send(session, refused_message(error));
  end_with(session, error.message);
}

void ServerCore::store_client(const Hello& hello, const Client& client) {
  const Client* before = clients_.find(client.number);
  const bool renamed =
      before == nullptr || before->device != client.device || before->user != client.user;
  Client stored = client;
  database_.write([&](store::WriteTxn& txn) {
    stored = client;
    Answers(tables_.answers).forget_up_to(txn, stored, hello.acknowledged);
    forget_endings(txn, tables_, stored.number, hello);
    Clients::store(txn, tables_, stored);
    if (identity_.application.empty()) {
      database_.meta().set_text(txn, "application", hello.application);
    }
  });
  identity_.application = hello.application;
  clients_.remember(stored);
  if (!renamed) return;
  const wire::Frame frame = clients_message(std::span(&stored, 1));
  for (auto& [id, other] : sessions_) {
    if (other->state == Session::State::live) send(*other, frame);
  }
}

// A client that reconnects before its old connection is known to be dead is normal: the new one
// counts.
void ServerCore::replace_older_session(const Session& session) {
  for (auto& [id, other] : sessions_) {
    if (other->state == Session::State::live && other->client == session.client) {
      end_with(*other, "Another connection of this replica has taken over.");
    }
  }
}

void ServerCore::welcome(Session& session, const Hello& hello, std::int64_t last_seen_us) {
  session.state = Session::State::live;
  clients_.came(session.client);
  hear(session.client);
  const Client& client = *clients_.find(session.client);
  // An empty database has nothing to be fetched, and a replica that works off line first need not
  // look through its own records for what another first sync has left.
  const bool has_nothing = hello.cursor == 0 && head_ > 0;
  if (has_nothing || hello.first_sync) {
    session.first_sync.emplace(hello.first_sync.value_or(FirstSyncPosition{.since = head_}));
  }
  session.cursor = hello.cursor;
  session.whole = hello.partial ? 0 : hello.cursor;
  log(LogLevel::info, session.peer + " is client " + std::to_string(client.number.value) + ", " +
                          client.user + " on " + client.device);

  const auto news = news_for(hello, *database_.catalogue());
  Outgoing out(size_of(news.newest));
  auto message = out.message().initWelcome();
  message.setDatabase(kj::arrayPtr(reinterpret_cast<const kj::byte*>(identity_.uuid.data()),
                                   identity_.uuid.size()));
  message.setEpoch(identity_.epoch);
  message.setClientNumber(client.number.value);
  message.setHead(head_);
  message.setLastOperation(client.last_operation);
  auto catalogue = message.initCatalogue(static_cast<unsigned>(news.newest.size()));
  for (unsigned i = 0; i < catalogue.size(); ++i) {
    catalogue.setWithCaveats(i, news.newest[i]->schema());
  }
  fill(message.initLimits(), options_);
  message.setTime(now_us_);
  message.setServer(options_.server_name);
  message.setFirstSync(session.first_sync.has_value());
  send(session, out.finish());
  for (const wire::Frame& frame : catalogue_messages(news.earlier)) send(session, frame);

  std::vector<Client> everybody;
  for (const auto& [number, one] : clients_.all()) everybody.push_back(one);
  send(session, clients_message(everybody));
  tell_what_happened(session, hello, last_seen_us);
  // Nothing but this was queued for the socket: the feed may follow at once.
  session.drained = true;
}

void ServerCore::describe(Session& session, std::uint16_t protocol) {
  if (auto spoken = speaks(protocol); !spoken) return refuse(session, spoken.error());
  const Greeting greeting(premises_, identity_, head_);
  if (auto here = greeting.has_database(session.database); !here) {
    return refuse(session, here.error());
  }
  if (auto may = greeting.may_look(session.token); !may) return refuse(session, may.error());
  std::vector<TreeInfoPtr> versions;
  const auto catalogue = database_.catalogue();
  for (const auto& [id, tree] : catalogue->trees()) {
    for (const auto& [number, version] : catalogue->history(id))
      versions.push_back(version->info());
  }
  for (const wire::Frame& frame : catalogue_messages(versions)) send(session, frame);
  send(session, described_message(identity_, options_.server_name, head_));
  log(LogLevel::info, session.peer + " asked what there is");
  session.state = Session::State::closing;
  wire_.close(session.id, {});
}

void ServerCore::announce(const Session& except, const wire::Frame& frame) {
  for (auto& [id, session] : sessions_) {
    if (session.get() != &except && session->state == Session::State::live) send(*session, frame);
  }
}

}  // namespace coppice::server
