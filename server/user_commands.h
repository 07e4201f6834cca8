#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace coppice::server {

// What `coppice-server user ...` and `coppice-server role ...` were asked to do.
struct UserCommand {
  enum class Action { add, list, remove, token, role, role_list, role_set };
  Action action = Action::list;
  std::string name;  // of the user; role_set: of the role
  std::string role;
  std::vector<std::string> trees;
  std::vector<std::string> rights;
  enum class Earlier { stay, end };
  Earlier earlier_tokens = Earlier::stay;
};

// Changes or prints the users of the database in `data`, which no server may be using but to list
// them. Returns the exit code; prints what was done, or what is wrong. Throws StorageError.
int run_user_command(const std::filesystem::path& data, const UserCommand& command);

}  // namespace coppice::server
