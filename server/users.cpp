#include "server/users.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "coppice/record.h"
#include "server/options.h"

namespace coppice::server {
namespace {

store::Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(store::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Empty for what cannot be a token.
std::vector<std::byte> hash_of(store::Bytes token) {
  if (token.size() != sizeof(AccessToken)) return {};
  std::array<std::uint64_t, sizeof(AccessToken) / 8> words;
  std::memcpy(words.data(), token.data(), token.size());
  const auto hash = content_hash(words);
  const auto bytes = std::as_bytes(std::span(hash));
  return {bytes.begin(), bytes.end()};
}

User user_from(std::string name, store::Bytes row) {
  RowReader reader(row);
  User user;
  user.name = std::move(name);
  user.created_us = reader.number<std::int64_t>();
  user.role = reader.text();
  const auto count = reader.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < count; ++i) user.trees.push_back(reader.text());
  return user;
}

Error no_such_user(std::string_view name) {
  return error(Errc::bad_request,
               "There is no user '" + std::string(name) + "'. `user list` names them all.");
}

Result<void> check_name(const std::string& name, const char* what) {
  const bool control =
      std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (!name.empty() && name.size() <= kNameBytesMax && !control) return {};
  return error(Errc::bad_request, std::string("A ") + what + " has a name of 1 to " +
                                      std::to_string(kNameBytesMax) +
                                      " bytes, without control characters.");
}

}  // namespace

std::string to_text(const AccessToken& token) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : token) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

std::optional<User> Users::find(const store::Txn& txn, std::string_view name) const {
  if (name.empty()) return std::nullopt;
  const auto row = txn.find(tables_.users, bytes_of(name));
  if (!row) return std::nullopt;
  return user_from(std::string(name), *row);
}

std::vector<User> Users::all(const store::Txn& txn) const {
  std::vector<User> users;
  store::Cursor cursor(txn, tables_.users);
  for (bool more = cursor.first(); more; more = cursor.next())
    users.push_back(user_from(text_of(cursor.key()), cursor.value()));
  return users;
}

std::size_t Users::count_tokens(const store::Txn& txn, std::string_view name) const {
  std::size_t count = 0;
  store::Cursor cursor(txn, tables_.tokens);
  for (bool more = cursor.first(); more; more = cursor.next())
    count += text_of(cursor.value().subspan(8)) == name;
  return count;
}

std::optional<Role> Users::role(const store::Txn& txn, std::string_view name) const {
  const auto row = name.empty() ? std::nullopt : txn.find(tables_.roles, bytes_of(name));
  if (!row) return std::nullopt;
  return Role{std::string(name), Rights(RowReader(*row).number<std::uint32_t>())};
}

std::vector<Role> Users::roles(const store::Txn& txn) const {
  if (txn.count(tables_.roles) == 0) return default_roles();
  std::vector<Role> roles;
  store::Cursor cursor(txn, tables_.roles);
  for (bool more = cursor.first(); more; more = cursor.next())
    roles.push_back(
        {text_of(cursor.key()), Rights(RowReader(cursor.value()).number<std::uint32_t>())});
  return roles;
}

std::optional<User> Users::user_of(const store::Txn& txn, store::Bytes token) const {
  const auto hash = hash_of(token);
  const auto row = hash.empty() ? std::nullopt : txn.find(tables_.tokens, hash);
  if (!row) return std::nullopt;
  return find(txn, text_of(row->subspan(8)));
}

Permit Users::permit(const store::Txn& txn, const Catalogue& catalogue,
                     const Client& client) const {
  Permit permit{.user = client.user, .role = {}, .rights = {}, .trees = {}};
  if (client.revoked) return permit;
  if (open(txn)) {
    permit.rights = Rights::all();
    return permit;
  }
  // The name that an open database took from a hello is nobody's proof.
  const auto user = client.proven ? find(txn, client.user) : std::nullopt;
  const auto has = user ? role(txn, user->role) : std::nullopt;
  if (!has) return permit;
  permit.role = has->name;
  permit.rights = has->rights;
  if (user->trees.empty()) return permit;
  permit.trees.emplace();
  for (const std::string& name : user->trees) {
    if (const TreeInfoPtr tree = catalogue.find(name)) permit.trees->insert(tree->id());
  }
  return permit;
}

Result<void> Users::add(store::WriteTxn& txn, const User& user) const {
  if (auto named = check_name(user.name, "user"); !named) return named;
  if (find(txn, user.name))
    return error(Errc::bad_request, "There is a user '" + user.name + "' already.");
  write_default_roles(txn);
  if (auto known = require_role(txn, user.role); !known) return known;
  put(txn, user);
  return {};
}

Result<void> Users::set_role(store::WriteTxn& txn, const std::string& name,
                             const std::string& role) const {
  auto user = find(txn, name);
  if (!user) return no_such_user(name);
  if (auto known = require_role(txn, role); !known) return known;
  user->role = role;
  put(txn, *user);
  return {};
}

Result<void> Users::remove(store::WriteTxn& txn, const std::string& name) const {
  if (!find(txn, name)) return no_such_user(name);
  end_tokens(txn, name);
  txn.erase(tables_.users, bytes_of(name));
  return {};
}

Result<AccessToken> Users::give_token(store::WriteTxn& txn, const std::string& name,
                                      std::int64_t now_us,
                                      const std::function<std::uint64_t()>& random) const {
  if (!find(txn, name)) return no_such_user(name);
  AccessToken token;
  for (std::size_t at = 0; at < token.size(); at += 8) {
    const std::uint64_t word = random();
    std::memcpy(token.data() + at, &word, sizeof word);
  }
  RowWriter row;
  row.number(now_us).raw(bytes_of(name));
  txn.put(tables_.tokens, hash_of(token), row.row());
  return token;
}

void Users::end_tokens(store::WriteTxn& txn, std::string_view name) const {
  std::vector<std::vector<std::byte>> hashes;
  {
    store::Cursor cursor(txn, tables_.tokens);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      if (text_of(cursor.value().subspan(8)) == name)
        hashes.emplace_back(cursor.key().begin(), cursor.key().end());
    }
  }
  for (const auto& hash : hashes) txn.erase(tables_.tokens, hash);
}

Result<void> Users::put_role(store::WriteTxn& txn, const Role& role) const {
  if (auto named = check_name(role.name, "role"); !named) return named;
  write_default_roles(txn);
  Rights rights = role.rights;
  rights.add(Right::read);
  RowWriter row;
  row.number(rights.bits());
  txn.put(tables_.roles, bytes_of(role.name), row.row());
  return {};
}

void Users::put(store::WriteTxn& txn, const User& user) const {
  RowWriter row;
  row.number(user.created_us).text(user.role).number(static_cast<std::uint32_t>(user.trees.size()));
  for (const std::string& tree : user.trees) row.text(tree);
  txn.put(tables_.users, bytes_of(user.name), row.row());
}

void Users::write_default_roles(store::WriteTxn& txn) const {
  if (txn.count(tables_.roles) > 0) return;
  for (const Role& role : default_roles()) {
    RowWriter row;
    row.number(role.rights.bits());
    txn.put(tables_.roles, bytes_of(role.name), row.row());
  }
}

Result<void> Users::require_role(const store::Txn& txn, const std::string& name) const {
  if (role(txn, name)) return {};
  std::string known;
  for (const Role& one : roles(txn)) known += (known.empty() ? "" : ", ") + one.name;
  return error(Errc::bad_request, "There is no role '" + name + "', but: " + known + ".");
}

}  // namespace coppice::server
