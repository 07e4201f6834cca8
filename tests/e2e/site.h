#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coppice/client.h"
#include "shop.capnp.h"
#include "shop.coppice.h"
#include "tests/support/catch.h"
#include "tests/support/process.h"
#include "tests/support/result_text.h"
#include "tests/support/temp_folder.h"

namespace coppice::test {

// What an end-to-end test waits for at most. Generous: a test that fails for want of time says
// nothing about the program.
inline constexpr std::chrono::seconds kPatience{120};

// Looks again and again until `condition` holds; fails the test where it never does.
void until(const std::string& what, const std::function<bool()>& condition);

// coppice-server in a process of its own, over one data folder.
class ServerProcess {
 public:
  explicit ServerProcess(std::filesystem::path data) : data_(std::move(data)) {}

  // Returns when it listens: on the port it had before, so that clients find it again.
  void start();
  // SIGKILL: no chance to tidy up.
  void kill();
  // SIGTERM, and how it ended.
  ProcessEnd stop();
  // Of a server that does not run: what `coppice-server --check` says of its data.
  Ran check() const;

  const std::filesystem::path& data() const { return data_; }
  std::uint16_t port() const { return port_; }
  std::string url(const std::string& database = "shop") const;

 private:
  const std::filesystem::path data_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Process> process_;
};

// A folder with a running server, and the replicas of its clients.
class Site {
 public:
  Site() { server.start(); }

  std::filesystem::path replica(const std::string& name) const { return folder / name; }
  // A client in this process, off line; the trees of the shop are its own.
  Client client(const std::string& name) const;
  // The same, connected and live, with ids for `ids` parts and companies each.
  Client live_client(const std::string& name, std::uint64_t ids = 100) const;
  // Runs the `coppice` command on the replica of that name.
  Ran coppice(const std::string& name, std::vector<std::string> arguments,
              std::string_view input = {}) const;
  // Stops the server in good order and has its data checked. Fails the test if anything is wrong.
  void stop_and_check();

  TempFolder folder;
  ServerProcess server{folder / "data"};
};

std::vector<TreeDefinition> shop_trees();

// Runs the program with its arguments, to its end.
Ran run_command(std::vector<std::string> arguments, std::string_view input = {});
Ran run_server(std::vector<std::string> arguments);

bool is_live(const Client& client);
// Live, and everything written has its answer.
void settle(Client& client);

// The answer to what was asked, when it has come.
template <typename T>
Result<T> answer(const Pending<T>& pending) {
  until("an answer of the server", [&] { return pending.result().has_value(); });
  return *pending.result();
}

// Creates parts numbered "<prefix>0", "<prefix>1", ... in one transaction.
std::vector<Key<shop::Part>> create_parts(Transaction& transaction, const std::string& prefix,
                                          int count);
Key<shop::Part> write_part(Client& client, const std::string& number);

// Every record of every tree, byte for byte.
using Contents = std::map<AnyKey, std::vector<std::byte>>;
Contents contents(const Client& client);
// The same for a replica that nobody has open; its invariants are checked too.
Contents contents_of(const std::filesystem::path& replica);
// Which records differ, for people; empty if none does.
std::string difference(const Contents& a, const Contents& b);

// Ended with `code`, and gave one clear sentence that has all of `words` in it (in any case of
// letters).
void check_refused(const Ran& ran, int code, const std::vector<std::string>& words);
inline constexpr ProcessEnd kOrderly{.code = 0, .signal = 0};

}  // namespace coppice::test
