// Queries against the loop that one would write by hand: a condition without an index over all
// records, the same by an index, and the first ones of an order. Records are made by a client that
// is off line.

#include <algorithm>
#include <random>

#include "bench/site.h"

namespace coppice::bench {
namespace {

using F = IndexedItemFields;

constexpr std::uint64_t kBatch = 1'000;
constexpr std::int64_t kPrices = 100'000;

Client open_with_ids(Site& site, const std::filesystem::path& folder, std::uint64_t count) {
  Client::Options options{
      .trees = trees<IndexedItem>(), .on_event = [](const Event&) {}, .wait_for_disk = false};
  {
    Client client = Client::open(folder, options);
    site.connect(client);
    while (client.ids_left(TreeOf<IndexedItem>::id) < count)
      site.answer("a lease",
                  client.lease<IndexedItem>(count - client.ids_left(TreeOf<IndexedItem>::id)));
  }
  return Client::open(folder, options);
}

// Prices at random, so that those of one price lie everywhere.
void create(Client& client, std::uint64_t count) {
  std::mt19937_64 random(1);
  for (std::uint64_t begin = 0; begin < count; begin += kBatch) {
    client
        .write([&](Transaction& t) {
          for (std::uint64_t i = begin; i < std::min(count, begin + kBatch); ++i) {
            t.create<IndexedItem>([&](auto item) {
              fill(item, i);
              item.setPrice(static_cast<std::int64_t>(random() % kPrices));
              item.setAmount(static_cast<std::uint32_t>(random() % 1'000));
            });
          }
        })
        .value();
  }
}

// What both ways find, and how long each takes.
struct Race {
  std::vector<double> ours;
  std::vector<double> by_hand;

  template <typename Ours, typename ByHand>
  void run(int runs, Ours&& ask, ByHand&& look) {
    // The first round warms the memory up, and does not count.
    for (int round = 0; round <= runs; ++round) {
      std::uint64_t found = 0, expected = 0;
      const double us = 1e3 * seconds_of([&] { found = ask(); });
      const double hand = 1e3 * seconds_of([&] { expected = look(); });
      if (found != expected) throw std::runtime_error("The query found something else.");
      if (round == 0) continue;
      ours.push_back(us);
      by_hand.push_back(hand);
    }
  }
  void print_rows(const std::string& what, Goal ratio_goal) const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / by_hand[i]);
    print({.name = "by hand: " + what, .value = median(by_hand), .unit = "ms"});
    print({.name = what,
           .value = median(ours),
           .unit = "ms",
           .ratio_to_raw = median(ratios),
           .ratio_goal = ratio_goal});
  }
};

void measure(const Client& client, const Arguments& arguments) {
  const auto now = client.snapshot();
  const auto all = query<IndexedItem>();
  const Goal at_most_twice{Goal::Kind::at_most, 2};

  Race scan;
  const auto few = all.where(F::amount < 10 && F::weight >= 0);
  scan.run(
      arguments.runs, [&] { return now.count(few); },
      [&] {
        std::uint64_t count = 0;
        for (auto item : now.tree<IndexedItem>())
          count += item->getAmount() < 10 && item->getWeight() >= 0;
        return count;
      });
  scan.print_rows("two fields without an index", at_most_twice);

  Race text;
  const auto named = all.where(F::note.contains("no such note"));
  text.run(
      arguments.runs, [&] { return now.count(named); },
      [&] {
        std::uint64_t count = 0;
        for (auto item : now.tree<IndexedItem>())
          count += std::string_view(item->getNote().cStr()).find("no such note") !=
                   std::string_view::npos;
        return count;
      });
  text.print_rows("a part of a text (by hand: with case)", {Goal::Kind::at_most, 10});

  Race indexed;
  const auto cheap = all.where(F::price < 100 && F::amount < 500);
  indexed.run(
      arguments.runs, [&] { return now.count(cheap); },
      [&] {
        std::uint64_t count = 0;
        for (auto item : now.range(F::price, std::nullopt, 99)) count += item->getAmount() < 500;
        return count;
      });
  indexed.print_rows("a range of an index (" + std::to_string(now.count(cheap)) + " hits)",
                     at_most_twice);

  const auto dearest = all.order_by(F::price, Direction::descending).limit(20);
  std::vector<double> times;
  for (int run = 0; run < 20 * arguments.runs; ++run) {
    times.push_back(1e6 * seconds_of([&] {
                      for (auto item : now.select(dearest)) use(item.key());
                    }));
  }
  print({.name = "the 20 dearest, along the index",
         .value = median(times),
         .unit = "us",
         .goal = Goal{Goal::Kind::at_most, 100}});
}

void run(const Arguments& arguments) {
  const WorkFolder folder(arguments.folder);
  Site site(arguments, folder, "server");
  Client client = open_with_ids(site, folder / "items", arguments.records);
  create(client, arguments.records);
  measure(client, arguments);
}

}  // namespace
}  // namespace coppice::bench

int main(int argc, char** argv) {
  return coppice::bench::run_benchmark(
      argc, argv,
      {.about = "Asks queries with and without an index, against a loop written by hand.",
       .records = 1'000'000,
       .records_quick = 50'000,
       .runs = 5},
      coppice::bench::run);
}
