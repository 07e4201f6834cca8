#include "server/user_commands.h"

#include <sys/random.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "server/users.h"

namespace coppice::server {
namespace {

std::uint64_t system_random() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number)
    throw StorageError("The system gives no random numbers.");
  return number;
}

std::int64_t now_us() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count();
}

int fail(const Error& why) {
  std::fprintf(stderr, "coppice-server: %s\n", why.message.c_str());
  return 1;
}

int say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  return 0;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// The token goes to standard output alone, so that it can be sent into a file.
int hand_out(const std::string& name, const AccessToken& token) {
  std::fprintf(stderr,
               "The access token of %s follows. It is shown once, and only its hash is kept.\n",
               name.c_str());
  return say(to_text(token));
}

int list_users(const Users& users, const store::Txn& txn) {
  if (users.open(txn))
    return say("There are no users: the database is open, and everybody may change everything.");
  for (const User& user : users.all(txn)) {
    std::string line = user.name + "  " + user.role;
    if (!user.trees.empty()) line += " in " + joined(user.trees);
    const std::size_t tokens = users.count_tokens(txn, user.name);
    line += ", " + std::to_string(tokens) + (tokens == 1 ? " token" : " tokens");
    say(line);
  }
  return 0;
}

int list_roles(const Users& users, const store::Txn& txn) {
  for (const Role& role : users.roles(txn)) say(role.name + "  " + to_string(role.rights));
  return 0;
}

int look(const std::filesystem::path& data, const UserCommand& command) {
  store::Environment::Options options;
  options.access = store::Environment::Access::read_only;
  store::Database database(data, store::Role::authority, options);
  const Tables tables(database);
  const Users users(tables);
  const auto txn = database.read();
  return command.action == UserCommand::Action::list ? list_users(users, txn)
                                                     : list_roles(users, txn);
}

// Gives the user a token in the same transaction as whatever was done before.
int with_token(store::Database& database, const Users& users, const std::string& name,
               const std::function<Result<void>(store::WriteTxn&)>& before) {
  std::optional<Error> refused;
  AccessToken token{};
  database.write([&](store::WriteTxn& txn) {
    refused.reset();
    if (auto done = before(txn); !done) {
      refused = done.error();
      return;
    }
    const auto given = users.give_token(txn, name, now_us(), system_random);
    if (given)
      token = *given;
    else
      refused = given.error();
  });
  return refused ? fail(*refused) : hand_out(name, token);
}

int change(store::Database& database, const std::string& done,
           const std::function<Result<void>(store::WriteTxn&)>& what) {
  std::optional<Error> refused;
  database.write([&](store::WriteTxn& txn) {
    refused.reset();
    if (auto changed = what(txn); !changed) refused = changed.error();
  });
  return refused ? fail(*refused) : say(done);
}

int remove_user(store::Database& database, const Users& users, const std::string& name) {
  const int code = change(database,
                          name + " is no user any more. What " + name +
                              " has borrowed stays borrowed until somebody breaks it.",
                          [&](store::WriteTxn& txn) { return users.remove(txn, name); });
  if (code == 0 && users.open(database.read()))
    say("That was the last user: the database is open, and everybody may change everything.");
  return code;
}

int set_role_rights(store::Database& database, const Users& users, const UserCommand& command) {
  Role role{command.name, {}};
  for (const std::string& text : command.rights) {
    const auto right = parse_right(text);
    if (!right) {
      return fail(error(Errc::bad_request, "'" + text + "' is no right, but these are: " +
                                               to_string(Rights::all()) + "."));
    }
    role.rights.add(*right);
  }
  return change(database, "The role '" + role.name + "' has: " + to_string(role.rights) + ".",
                [&](store::WriteTxn& txn) { return users.put_role(txn, role); });
}

}  // namespace

int run_user_command(const std::filesystem::path& data, const UserCommand& command) {
  using Action = UserCommand::Action;
  if (command.action == Action::list || command.action == Action::role_list)
    return look(data, command);
  store::Database database(data, store::Role::authority);
  const Tables tables(database);
  const Users users(tables);
  switch (command.action) {
    case Action::add:
      return with_token(database, users, command.name, [&](store::WriteTxn& txn) {
        return users.add(txn, {command.name, command.role, command.trees, now_us()});
      });
    case Action::token:
      return with_token(database, users, command.name, [&](store::WriteTxn& txn) {
        if (command.earlier_tokens == UserCommand::Earlier::end)
          users.end_tokens(txn, command.name);
        return Result<void>();
      });
    case Action::remove:
      return remove_user(database, users, command.name);
    case Action::role:
      return change(
          database, command.name + " has the role '" + command.role + "' now.",
          [&](store::WriteTxn& txn) { return users.set_role(txn, command.name, command.role); });
    case Action::role_set:
      return set_role_rights(database, users, command);
    case Action::list:
    case Action::role_list:
      break;
  }
  return 1;
}

}  // namespace coppice::server
