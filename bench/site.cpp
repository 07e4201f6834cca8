#include "bench/site.h"

#include <stdexcept>

#include "store/database.h"

namespace coppice::bench {
namespace {

using namespace std::chrono_literals;

// Longer than anything takes on a slow machine.
constexpr auto kPatience = 300s;
// Short beside what is measured, and long enough to leave the processor to the others.
constexpr auto kLookEvery = 200us;
constexpr auto kLookAtServerEvery = 100ms;
constexpr std::uint64_t kLoadPerTransaction = 10'000;

}  // namespace

Site::Site(const Arguments& arguments, const WorkFolder& folder, const std::string& name)
    : data_(folder / name),
      server_({.program = arguments.server,
               .data = data_,
               .log = folder / (name + ".log"),
               .database = "bench"}) {
  server_.start();
}

void Site::wait_until(const std::string& what, const std::function<bool()>& is_so) {
  const auto deadline = Clock::now() + kPatience;
  auto next_look_at_server = Clock::now() + kLookAtServerEvery;
  while (!is_so()) {
    const auto now = Clock::now();
    if (now > next_look_at_server) {
      server_.require_running();
      next_look_at_server = now + kLookAtServerEvery;
    }
    if (now > deadline) throw std::runtime_error("Waited in vain: " + what + ".");
    std::this_thread::sleep_for(kLookEvery);
  }
}

void Site::connect(Client& client) {
  client.connect(url()).value();
  answer("a replica gets everything", client.synced());
}

void Site::lease(Client& client, std::uint64_t count) {
  while (client.ids_left(TreeOf<Item>::id) < count) {
    answer("ids are leased", client.lease<Item>(count));
  }
  answer("nothing is left to be sent", client.flushed());
}

std::uint64_t Site::stored_items() const {
  store::Database database(data_, store::Role::authority);
  const auto items = database.tree(TreeOf<Item>::id);
  return items ? items->count(database.read()) : 0;
}

Client open_replica(const std::filesystem::path& folder, Durable durable,
                    std::function<void(const Event&)> on_event) {
  Client::Options options;
  options.name = folder.filename().string();
  options.user = "bench";
  options.application = "bench";
  options.trees = trees<Item>();
  options.on_event = std::move(on_event);
  options.wait_for_disk = durable == Durable::yes;
  return Client::open(folder, std::move(options));
}

Client open_leased_replica(Site& site, const std::filesystem::path& folder, std::uint64_t ids,
                           Durable durable) {
  {
    Client client = open_replica(folder, durable);
    site.connect(client);
    site.lease(client, ids);
  }
  return open_replica(folder, durable);
}

void load(Site& site, const WorkFolder& folder, std::uint64_t count) {
  const auto path = folder / "loader";
  {
    Client loader = open_leased_replica(site, path, count, Durable::no);
    create_items(loader, count, kLoadPerTransaction);
    loader.connect(site.url()).value();
    site.answer("the server is loaded", loader.flushed());
  }
  std::filesystem::remove_all(path);
}

}  // namespace coppice::bench
