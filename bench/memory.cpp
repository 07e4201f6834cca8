// The memory that a server has of its own, beside the pages of its mapped file, while it takes an
// upload and serves five first syncs at once.

#include <algorithm>
#include <atomic>
#include <list>

#include "bench/site.h"

namespace coppice::bench {
namespace {

constexpr int kReplicas = 5;
constexpr std::uint64_t kPerTransaction = 1'000;
constexpr std::chrono::milliseconds kLookEvery{2};

// Looks at the server's memory again and again, and keeps the most it saw.
class Watch {
 public:
  explicit Watch(const ldraw::ServerProcess& server)
      : thread_([this, &server] {
          while (!is_over_) {
            most_ = std::max(most_.load(), server.private_bytes());
            std::this_thread::sleep_for(kLookEvery);
          }
        }) {}
  Watch(const Watch&) = delete;
  ~Watch() {
    is_over_ = true;
    thread_.join();
  }
  double most_mb() const { return static_cast<double>(most_) / (1 << 20); }
  void forget() { most_ = 0; }

 private:
  std::atomic<bool> is_over_ = false;
  std::atomic<std::uint64_t> most_ = 0;
  std::thread thread_;
};

void run(const Arguments& arguments) {
  std::vector<double> idle, loading, serving;
  for (int i = 0; i < arguments.runs; ++i) {
    const WorkFolder folder(arguments.folder);
    Site site(arguments, folder, "server");
    idle.push_back(static_cast<double>(site.server().private_bytes()) / (1 << 20));
    Watch watch(site.server());
    load(site, folder, arguments.records);
    loading.push_back(watch.most_mb());

    Client uploader =
        open_leased_replica(site, folder / "uploader", arguments.records / 10, Durable::no);
    create_items(uploader, arguments.records / 10, kPerTransaction);
    std::list<Client> replicas;
    for (int r = 0; r < kReplicas; ++r) {
      replicas.push_back(open_replica(folder / ("replica" + std::to_string(r)), Durable::no));
    }
    watch.forget();
    uploader.connect(site.url()).value();
    for (Client& replica : replicas) replica.connect(site.url()).value();
    site.answer("everything is uploaded", uploader.flushed());
    for (Client& replica : replicas) site.answer("a replica is live", replica.synced());
    serving.push_back(watch.most_mb());
  }
  const Goal goal{Goal::Kind::at_most, 100};
  print({.name = "server after its start", .value = median(idle), .unit = "MB"});
  print({.name = "most while it is loaded", .value = median(loading), .unit = "MB", .goal = goal});
  print({.name = "most in an upload and 5 first syncs",
         .value = median(serving),
         .unit = "MB",
         .goal = goal});
}

}  // namespace
}  // namespace coppice::bench

int main(int argc, char** argv) {
  return coppice::bench::run_benchmark(
      argc, argv,
      {.about = "The server's memory beside its mapped file while it serves.",
       .records = 1'000'000,
       .records_quick = 100'000,
       .runs = 3},
      coppice::bench::run);
}
