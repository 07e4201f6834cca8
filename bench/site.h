#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "bench/items.h"
#include "bench/support.h"
#include "examples/ldraw/server_process.h"

namespace coppice::bench {

// A real coppice-server as a child process, on loopback, with a database of its own that waits for
// the disk.
class Site {
 public:
  // `folder`: where the database and the log of the server go.
  Site(const Arguments& arguments, const WorkFolder& folder, const std::string& name);

  const std::string& url() const { return server_.url(); }
  ldraw::ServerProcess& server() { return server_; }

  // Waits until it is so. Throws if the server has ended, or nothing happens for minutes.
  void wait_until(const std::string& what, const std::function<bool()>& is_so);

  // The answer to something that must not be refused.
  template <typename T>
  T answer(const std::string& what, const Pending<T>& pending) {
    wait_until(what, [&] { return pending.result().has_value(); });
    return std::move(*pending.result()).value();
  }
  // Connects, and returns when the replica has everything.
  void connect(Client& client);
  // Leases so many ids for items, however many leases that takes.
  void lease(Client& client, std::uint64_t count);
  // Stops the server, so that its database can be looked at.
  void stop() { server_.stop(); }
  // Items in the database of a stopped server.
  std::uint64_t stored_items() const;

 private:
  std::filesystem::path data_;
  ldraw::ServerProcess server_;
};

// Whether a replica's own commits wait for the disk: durable where that is measured, and not where
// it only prepares.
enum class Durable { yes, no };

Client open_replica(
    const std::filesystem::path& folder, Durable durable,
    std::function<void(const Event&)> on_event = [](const Event&) {});

// A replica that has leased ids for so many items from the site, and was opened anew since: off
// line, and as if it had been so for long.
Client open_leased_replica(Site& site, const std::filesystem::path& folder, std::uint64_t ids,
                           Durable durable);

// Fills the server with so many items. Not measured.
void load(Site& site, const WorkFolder& folder, std::uint64_t count);

}  // namespace coppice::bench
