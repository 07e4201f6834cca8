#include "server/greeting.h"

#include <algorithm>
#include <cstring>

#include "schema/compare_schemas.h"

namespace coppice::server {
namespace {

Error bad(std::string text) { return error(Errc::bad_request, std::move(text)); }

// Errors: it is neither a UUID nor, where allowed, empty.
Result<Uuid> uuid_from(capnp::Data::Reader data, const char* what) {
  Uuid uuid{};
  if (data.size() != uuid.size()) {
    return bad(std::string("The hello's ") + what + " is not a UUID of 16 bytes.");
  }
  std::memcpy(uuid.data(), data.begin(), uuid.size());
  return uuid;
}

std::size_t count_versions(const Catalogue& catalogue) {
  std::size_t count = 0;
  for (const auto& [id, tree] : catalogue.trees()) count += catalogue.history(id).size();
  return count;
}

Result<void> read_names(protocol::Hello::Reader from, Hello& to) {
  to.device = from.getDevice();
  to.user = from.getUser();
  to.application = from.getApplication();
  for (const std::string* name : {&to.device, &to.user, &to.application}) {
    if (name->size() > kNameBytesMax) {
      return bad("Device, user and application have at most " + std::to_string(kNameBytesMax) +
                 " bytes each.");
    }
  }
  if (to.application.empty()) return bad("The hello names no application.");
  return {};
}

Result<void> read_identity(protocol::Hello::Reader from, Hello& to) {
  const auto client = uuid_from(from.getClient(), "client");
  if (!client) return client.error();
  to.client = *client;
  to.bound = from.getDatabase().size() > 0;
  if (to.bound) {
    const auto database = uuid_from(from.getDatabase(), "database");
    if (!database) return database.error();
    to.database = *database;
  }
  to.epoch = from.getEpoch();
  to.cursor = from.getCursor();
  to.partial = from.getPartial();
  to.acknowledged = from.getAcknowledged();
  to.last_operation = from.getLastOperation();
  const auto token = std::as_bytes(std::span(from.getToken().begin(), from.getToken().size()));
  to.token.assign(token.begin(), token.end());
  if (!from.hasFirstSync()) return {};
  const auto position = from.getFirstSync();
  to.first_sync = FirstSyncPosition{position.getSince(), TreeId{position.getTree()},
                                    KeyWord(position.getKey()), position.getDone()};
  return {};
}

Result<void> read_schemas(protocol::Hello::Reader from, Hello& to) {
  const auto schemas = from.getSchemas();
  if (schemas.size() > kTreesMax) {
    return bad("A database has at most " + std::to_string(kTreesMax) + " trees.");
  }
  if (from.getKnown().size() > kVersionsMax) {
    return bad("A catalogue has at most " + std::to_string(kVersionsMax) + " versions.");
  }
  for (const auto schema : schemas) {
    auto tree = TreeInfo::parse(schema);
    if (!tree) return tree.error();
    to.schemas.push_back(*tree);
  }
  for (const auto known : from.getKnown()) {
    to.known[TreeId{known.getTree()}].insert(known.getVersion());
  }
  return {};
}

}  // namespace

Result<void> speaks(std::uint16_t protocol) {
  if (protocol == protocol::VERSION) return {};
  return error(Errc::protocol_version, "The server speaks version " +
                                           std::to_string(protocol::VERSION) +
                                           " of the protocol and the client version " +
                                           std::to_string(protocol) + ". Update the older one.");
}

Result<Hello> read_hello(protocol::Hello::Reader from) {
  Hello hello;
  hello.protocol = from.getProtocol();
  // Before anything else: the rest of another version's hello may mean something else.
  if (auto spoken = speaks(hello.protocol); !spoken) return spoken.error();
  for (auto read : {read_names, read_identity, read_schemas}) {
    if (auto done = read(from, hello); !done) return done.error();
  }
  return hello;
}

Result<User> Greeting::user_of(const store::Txn& txn, store::Bytes token) const {
  if (auto user = Users(premises_.tables).user_of(txn, token)) return *user;
  const std::string why = token.empty() ? "and this client shows no access token."
                                        : "and this client's access token is none of theirs.";
  return error(Errc::unknown_user, "The database '" + premises_.options.database_name +
                                       "' has users, " + why + " Ask an administrator for one.");
}

Result<void> Greeting::may_look(store::Bytes token) const {
  const auto txn = premises_.database.read();
  if (Users(premises_.tables).open(txn)) return {};
  if (auto user = user_of(txn, token); !user) return user.error();
  return {};
}

Result<void> Greeting::authenticate(Hello& hello) const {
  const Client* before = premises_.clients.find(hello.client);
  if (before != nullptr && before->revoked) {
    return error(Errc::revoked,
                 "An administrator has revoked this device. What was not handed in is still here: "
                 "look at the drawer, and go on with another replica.");
  }
  const auto txn = premises_.database.read();
  if (Users(premises_.tables).open(txn)) return {};
  auto user = user_of(txn, hello.token);
  if (!user) return user.error();
  // What a replica has borrowed and not handed in yet is one person's.
  if (before != nullptr && before->proven && before->user != user->name) {
    return error(Errc::no_right, "This replica is the one of " + before->user + ", and the token " +
                                     user->name + "'s. Use a replica of your own.");
  }
  hello.user = user->name;
  hello.proven = true;
  return {};
}

Result<void> Greeting::admit(const Hello& hello, const std::string& database_asked) const {
  if (auto same = same_database(hello, database_asked); !same) return same.error();
  if (!identity_.application.empty() && identity_.application != hello.application) {
    return error(Errc::foreign_application,
                 "The database '" + premises_.options.database_name +
                     "' belongs to the application '" + identity_.application +
                     "', and this client is of '" + hello.application + "'. Check the address.");
  }
  return not_rolled_back(hello);
}

Result<void> Greeting::has_database(const std::string& database_asked) const {
  const std::string& name = premises_.options.database_name;
  if (database_asked == name) return {};
  return error(Errc::foreign_database, "This server has the database '" + name + "', not '" +
                                           database_asked + "'. Check the address.");
}

Result<void> Greeting::same_database(const Hello& hello, const std::string& database_asked) const {
  if (auto here = has_database(database_asked); !here) return here.error();
  const std::string& name = premises_.options.database_name;
  if (!hello.bound) {
    if (hello.cursor == 0 && !hello.first_sync) return {};
    return bad("A replica that belongs to no database yet has a cursor.");
  }
  if (hello.database != identity_.uuid) {
    return error(Errc::foreign_database, "The replica belongs to another database than '" + name +
                                             "' of this server. Connect it to its own.");
  }
  if (hello.epoch == identity_.epoch) return {};
  Error changed = error(Errc::epoch_changed,
                        "The database was restored from a backup since this "
                        "replica was here. This version cannot reconcile them.");
  changed.expected = hello.epoch;
  changed.actual = identity_.epoch;
  return changed;
}

// A client that knows more than the server: the server's files were set back without the command
// for it.
Result<void> Greeting::not_rolled_back(const Hello& hello) const {
  const Client* client = premises_.clients.find(hello.client);
  const std::uint64_t executed = client ? client->last_operation : 0;
  const std::uint64_t seen = std::max(hello.cursor, hello.first_sync ? hello.first_sync->since : 0);
  if (seen > head_ || hello.acknowledged > executed) {
    Error back =
        error(Errc::epoch_changed,
              "The database was rolled back: this replica has seen changes that the server "
              "does not know. An administrator must look into it.");
    back.expected = seen;
    back.actual = head_;
    return back;
  }
  if (hello.last_operation >= executed) return {};
  Error forked =
      error(Errc::device_forked,
            "The server has executed operations of this replica that the replica does not know: it "
            "was copied, or set back. It needs a new identity.");
  forked.expected = executed;
  forked.actual = hello.last_operation;
  return forked;
}

Result<std::vector<TreeInfoPtr>> Greeting::adopt(const Hello& hello, std::int64_t now_us) const {
  // Judged as if adopted one after the other, so that two offered trees are compared with each
  // other too.
  Catalogue catalogue = *premises_.database.catalogue();
  const Adoption adoption{.time_us = now_us, .from = hello.user + ", " + hello.device};
  std::vector<TreeInfoPtr> adopted;
  for (const TreeInfoPtr& offered : hello.schemas) {
    auto tree = to_adopt(*offered, catalogue, adoption);
    if (!tree) return tree.error();
    if (*tree == nullptr) continue;
    catalogue.put(*tree);
    adopted.push_back(*tree);
  }
  if (catalogue.trees().size() > kTreesMax || count_versions(catalogue) > kVersionsMax) {
    return error(Errc::incompatible_schema, "A database has at most " + std::to_string(kTreesMax) +
                                                " trees, with " + std::to_string(kVersionsMax) +
                                                " versions of their schemas in all.");
  }
  if (!adopted.empty()) {
    if (auto may = may_bring_schemas(hello); !may) return may.error();
  }
  for (const TreeInfoPtr& tree : adopted) {
    if (auto unique = build_unique_indexes(tree); !unique) return unique.error();
  }
  if (!adopted.empty()) premises_.database.adopt(adopted);
  for (const TreeInfoPtr& tree : adopted)
    premises_.indexes.follow(premises_.database.catalogue()->find(tree->id()));
  premises_.indexes.work_to_the_end();
  return adopted;
}

Result<void> Greeting::may_bring_schemas(const Hello& hello) const {
  Client client;
  client.user = hello.user;
  client.proven = hello.proven;
  const auto txn = premises_.database.read();
  const Permit permit =
      Users(premises_.tables).permit(txn, *premises_.database.catalogue(), client);
  if (permit.allows(Right::edit) || permit.allows(Right::append)) return {};
  return error(Errc::no_right,
               hello.user +
                   "'s program brings a newer schema, which needs the right 'edit'. "
                   "Somebody who has it must connect with this program first.");
}

Result<void> Greeting::build_unique_indexes(const TreeInfoPtr& offered) const {
  const TreeInfoPtr stored = premises_.database.catalogue()->find(offered->id());
  if (!stored) return {};
  store::Indexes& indexes = premises_.indexes;
  std::optional<store::SharedValue> shared;
  std::uint64_t unread = 0;
  try {
    indexes.follow(offered);
    indexes.build_to_the_end();
    if (const auto* tree = indexes.tree(offered->id())) unread = tree->unread;
    shared = find_shared_value(indexes, *offered, *stored, premises_.database.read());
  } catch (...) {
    indexes.follow(stored);
    throw;
  }
  // Until the schema is adopted, nobody wants what was built.
  indexes.follow(stored);
  if (unread > 0) {
    indexes.work_to_the_end();
    return error(Errc::incompatible_schema,
                 "A field of tree '" + stored->name() + "' that is to become unique is in " +
                     std::to_string(unread) +
                     " released revisions of before its migration, which the server cannot read. "
                     "Nothing was changed. Stop the server and run the migration, built with this "
                     "schema.");
  }
  if (!shared) return {};
  indexes.work_to_the_end();
  const AnyKey first(stored->id(), shared->first), second(stored->id(), shared->second);
  const Catalogue& names = *premises_.database.catalogue();
  return error(Errc::incompatible_schema,
               "Field " + shared->field + " of tree '" + stored->name() +
                   "' cannot become unique: " + names.format(first) + " and " +
                   names.format(second) + " both have " + shared->value +
                   ". Nothing was changed. Give one of them another value, then try again.",
               second);
}

Result<TreeInfoPtr> Greeting::to_adopt(const TreeInfo& offered, const Catalogue& catalogue,
                                       Adoption adoption) const {
  const TreeInfoPtr same_name = catalogue.find(offered.name());
  if (same_name && same_name->id() != offered.id()) {
    return error(Errc::incompatible_schema,
                 "There is another tree named '" + offered.name() +
                     "' already, of another struct. Choose another name.");
  }
  adoption.version = 1;
  if (const TreeInfoPtr stored = catalogue.find(offered.id())) {
    if (catalogue.version_known_to(offered) != 0) return TreeInfoPtr{};
    const auto change = compare_schemas(*stored, offered);
    if (!change) return change.error();
    adoption.version = stored->version() + 1;
    adoption.generation = stored->generation();
  }
  return offered.as_adopted(adoption);
}

Client Greeting::client_for(const Hello& hello, std::int64_t now_us) const {
  Client client;
  if (const Client* stored = premises_.clients.find(hello.client)) client = *stored;
  if (client.number.value == 0) client.number = premises_.clients.next_number();
  client.uuid = hello.client;
  client.device = hello.device;
  client.user = hello.user;
  client.proven = hello.proven;
  client.last_seen_us = now_us;
  return client;
}

}  // namespace coppice::server
