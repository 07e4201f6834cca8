// How long a change takes from one replica to another through a server on this machine, every
// commit on the way waiting for the disk: A's own, the server's, B's. And how many transactions a
// server accepts in a second, one record each.

#include <atomic>
#include <list>

#include "bench/site.h"

namespace coppice::bench {
namespace {

// How many transactions the clients of the group commit make in all: enough that connecting takes
// little of the time.
constexpr std::uint64_t kTransactionsPerChange = 10;

// Takes the time when a record is created.
class Watch {
 public:
  // The sync thread of B.
  void see(const Event& event) {
    if (event.kind != Event::Kind::created) return;
    seen_at_ns_ = Clock::now().time_since_epoch().count();
    key_ = event.key.word.value;
  }
  // When this record was seen, if it was.
  std::optional<Clock::time_point> seen(AnyKey key) const {
    if (key_ != key.word.value) return std::nullopt;
    return Clock::time_point(Clock::duration(seen_at_ns_));
  }

 private:
  // The key is written last and read first.
  std::atomic<Clock::rep> seen_at_ns_ = 0;
  std::atomic<std::uint64_t> key_ = 0;
};

struct Latency {
  std::vector<double> written_us;
  std::vector<double> seen_us;
};

Latency measure_latency(const Arguments& arguments, const WorkFolder& folder) {
  Site site(arguments, folder, "server");
  Watch watch;
  Client a = open_replica(folder / "a", Durable::yes);
  Client b = open_replica(folder / "b", Durable::yes, [&](const Event& e) { watch.see(e); });
  site.connect(a);
  site.lease(a, arguments.records);
  site.connect(b);

  Latency latency;
  for (std::uint64_t serial = 0; serial < arguments.records; ++serial) {
    const auto begin = Clock::now();
    const AnyKey key = a.write([&](Transaction& t) {
                          return t.create<Item>([&](Item::Builder item) { fill(item, serial); });
                        }).value();
    latency.written_us.push_back(1e6 * Seconds(Clock::now() - begin).count());
    site.wait_until("B sees the change", [&] { return watch.seen(key).has_value(); });
    latency.seen_us.push_back(1e6 * Seconds(*watch.seen(key) - begin).count());
  }
  return latency;
}

void print_latencies(const Arguments& arguments) {
  const WorkFolder disk(arguments.folder);
  const Latency durable = measure_latency(arguments, disk);
  print({.name = "durable in A, p50", .value = percentile(durable.written_us, 50), .unit = "us"});
  print({.name = "durable in A, p99", .value = percentile(durable.written_us, 99), .unit = "us"});
  print({.name = "seen at B, p50", .value = percentile(durable.seen_us, 50), .unit = "us"});
  print({.name = "seen at B, p99", .value = percentile(durable.seen_us, 99), .unit = "us"});

  // The same programs with their files in memory, where nobody waits for a disk.
  const WorkFolder memory("/dev/shm", WorkFolder::Wanted::anywhere);
  const Latency quick = measure_latency(arguments, memory);
  print({.name = "seen at B without a disk, p50",
         .value = percentile(quick.seen_us, 50),
         .unit = "us",
         .goal = Goal{Goal::Kind::at_most, 300}});
  print({.name = "seen at B without a disk, p99",
         .value = percentile(quick.seen_us, 99),
         .unit = "us",
         .goal = Goal{Goal::Kind::at_most, 2'000}});
}

// The clients' own commits do not wait for the disk here, so that what is seen is the server's.
double accepted_per_second(const Arguments& arguments, int clients, std::uint64_t per_client) {
  const WorkFolder folder(arguments.folder);
  Site site(arguments, folder, "server");
  std::list<Client> all;
  for (int i = 0; i < clients; ++i) {
    all.push_back(open_leased_replica(site, folder / ("client" + std::to_string(i)), per_client,
                                      Durable::no));
    create_items(all.back(), per_client, 1);
  }
  const double seconds = seconds_of([&] {
    for (Client& client : all) client.connect(site.url()).value();
    for (Client& client : all) site.answer("a client is heard", client.flushed());
  });
  return static_cast<double>(clients) * static_cast<double>(per_client) / seconds;
}

void run(const Arguments& arguments) {
  print_latencies(arguments);
  for (const int clients : {1, 4, 16}) {
    const std::uint64_t per_client =
        kTransactionsPerChange * arguments.records / static_cast<std::uint64_t>(clients);
    std::vector<double> rates;
    for (int i = 0; i < arguments.runs; ++i) {
      rates.push_back(accepted_per_second(arguments, clients, per_client));
    }
    print({.name =
               "group commit, " + std::to_string(clients) + (clients == 1 ? " client" : " clients"),
           .value = median(rates),
           .unit = "trans./s"});
  }
}

}  // namespace
}  // namespace coppice::bench

int main(int argc, char** argv) {
  return coppice::bench::run_benchmark(
      argc, argv,
      {.about = "Time from a change in one replica to its event in another, and group commit.",
       .records = 2'000,
       .records_quick = 200,
       .runs = 3},
      coppice::bench::run);
}
