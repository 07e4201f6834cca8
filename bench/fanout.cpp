// One writer, a thousand subscribers: how many records a server delivers in a second, and what
// memory that takes; and the memory of ten thousand connections on which nothing happens.

#include <algorithm>

#include "bench/peers.h"
#include "bench/site.h"

namespace coppice::bench {
namespace {

constexpr std::size_t kSubscribers = 1'000;
constexpr std::size_t kIdle = 9'990;  // the server's own limit is 10,000
constexpr std::uint64_t kPerTransaction = 10;

double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

// Counts what it is sent.
class Subscribers {
 public:
  explicit Subscribers(const std::string& url)
      : peers_(url, "bench", [this](std::size_t peer, protocol::ToClient::Reader message) {
          hear(peer, message);
        }) {}

  void open(std::size_t count) {
    cursors_.resize(cursors_.size() + count);
    peers_.open(count);
  }
  template <typename F>
  void take_until(F&& is_enough) {
    peers_.take_until(is_enough);
  }
  // Records in changes and in first syncs, over all connections.
  std::uint64_t deliveries() const { return deliveries_; }
  // Connections that have everything up to this sequence.
  std::size_t reached(std::uint64_t sequence) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(cursors_, [&](std::uint64_t cursor) { return cursor >= sequence; }));
  }

 private:
  void hear(std::size_t peer, protocol::ToClient::Reader message) {
    if (message.isSnapshot()) deliveries_ += message.getSnapshot().getRecords().size();
    if (!message.isChanges()) return;
    deliveries_ += message.getChanges().getRecords().size();
    cursors_[peer] = std::max(cursors_[peer], message.getChanges().getUpTo());
  }

  Peers peers_;
  std::vector<std::uint64_t> cursors_;
  std::uint64_t deliveries_ = 0;
};

struct Fanout {
  double deliveries_per_second = 0;
  double most_mb = 0;
};

Fanout measure_fanout(const Arguments& arguments) {
  const WorkFolder folder(arguments.folder);
  Site site(arguments, folder, "server");
  Client writer = open_leased_replica(site, folder / "writer", arguments.records, Durable::no);
  create_items(writer, arguments.records, kPerTransaction);
  Subscribers subscribers(site.url());
  subscribers.open(kSubscribers);

  const std::uint64_t wanted = kSubscribers * arguments.records;
  const std::uint64_t before = subscribers.deliveries();
  Fanout fanout;
  std::uint64_t most = 0, rounds = 0;
  const double seconds = seconds_of([&] {
    writer.connect(site.url()).value();
    subscribers.take_until([&] {
      if (++rounds % 4 == 0) most = std::max(most, site.server().private_bytes());
      return subscribers.deliveries() - before >= wanted;
    });
  });
  if (subscribers.deliveries() - before != wanted ||
      subscribers.reached(arguments.records) != kSubscribers)
    throw std::runtime_error("The server delivered something else.");
  fanout.deliveries_per_second = static_cast<double>(wanted) / seconds;
  fanout.most_mb = megabytes(most);
  return fanout;
}

void measure_idle(const Arguments& arguments) {
  const WorkFolder folder(arguments.folder);
  Site site(arguments, folder, "server");
  Subscribers subscribers(site.url());
  const double seconds = seconds_of([&] { subscribers.open(kIdle); });
  print({.name = "connections opened for the first time",
         .value = static_cast<double>(kIdle) / seconds,
         .unit = "1/s"});
  print({.name = "server, " + std::to_string(kIdle) + " idle connections",
         .value = megabytes(site.server().private_bytes()),
         .unit = "MB",
         .goal = Goal{Goal::Kind::at_most, 1'000}});
}

void run(const Arguments& arguments) {
  std::vector<double> rates, memory;
  for (int i = 0; i < arguments.runs; ++i) {
    const auto fanout = measure_fanout(arguments);
    rates.push_back(fanout.deliveries_per_second);
    memory.push_back(fanout.most_mb);
  }
  print({.name = std::to_string(kSubscribers) + " subscribers, one writer",
         .value = median(rates),
         .unit = "records/s",
         .goal = Goal{Goal::Kind::at_least, 500'000}});
  print({.name = "server's own memory meanwhile",
         .value = median(memory),
         .unit = "MB",
         .goal = Goal{Goal::Kind::at_most, 150}});
  measure_idle(arguments);
}

}  // namespace
}  // namespace coppice::bench

int main(int argc, char** argv) {
  return coppice::bench::run_benchmark(argc, argv,
                                       {.about = "Delivers the records of one writer to 1,000 "
                                                 "subscribers; holds 10,000 idle connections.",
                                        .records = 5'000,
                                        .records_quick = 200,
                                        .runs = 3},
                                       coppice::bench::run);
}
