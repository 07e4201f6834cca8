// Reads three fields of records by key, in random order, all in memory; and all records in key
// order. Raw LMDB has the same keys and values, and reads the same bytes.

#include <algorithm>
#include <cstring>
#include <random>

#include "bench/raw_lmdb.h"
#include "bench/site.h"

namespace coppice::bench {
namespace {

// Where a stored item has its fields: after the 64 bytes of the header and the root pointer.
constexpr std::size_t kPriceAt = 72;
constexpr std::size_t kSupplierAt = 88;
constexpr std::size_t kPlaceAt = 100;

template <typename T>
T at(std::span<const std::byte> value, std::size_t offset) {
  T number;
  std::memcpy(&number, value.data() + offset, sizeof number);
  return number;
}

std::uint64_t raw_sum(std::span<const std::byte> value) {
  return at<std::uint64_t>(value, kPriceAt) + at<std::uint64_t>(value, kSupplierAt) +
         at<std::uint32_t>(value, kPlaceAt);
}

std::uint64_t sum(const Item::Reader& item) {
  return static_cast<std::uint64_t>(item.getPrice()) + item.getSupplier() + item.getPlace();
}

// The time of one kind of reading, per record, and what it read.
struct Reading {
  std::vector<double> nanoseconds;
  std::uint64_t sum = 0;

  template <typename F>
  void run(std::uint64_t records, F&& read) {
    sum = 0;
    nanoseconds.push_back(1e9 * seconds_of([&] { read(sum); }) / static_cast<double>(records));
    use(sum);
  }
};

struct Pair {
  Reading ours;
  Reading raw;

  void print_rows(const std::string& what, std::optional<Goal> ratio_goal) const {
    if (ours.sum != raw.sum) throw std::runtime_error(what + ": raw LMDB read something else.");
    std::vector<double> ratios;
    for (std::size_t i = 0; i < ours.nanoseconds.size(); ++i) {
      ratios.push_back(ours.nanoseconds[i] / raw.nanoseconds[i]);
    }
    print({.name = "raw LMDB " + what, .value = median(raw.nanoseconds), .unit = "ns/record"});
    print({.name = what,
           .value = median(ours.nanoseconds),
           .unit = "ns/record",
           .ratio_to_raw = median(ratios),
           .ratio_goal = ratio_goal});
  }
};

std::vector<Key<Item>> shuffled_keys(const Snapshot& now, RawLmdb& copy) {
  std::vector<Key<Item>> keys;
  copy.write([&] {
    for (const auto item : now.tree<Item>()) {
      keys.push_back(item.key());
      copy.put_last(item.key().word.value, item.view().value());
    }
  });
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(1));
  return keys;
}

void run(const Arguments& arguments) {
  const WorkFolder folder(arguments.folder);
  Site site(arguments, folder, "server");
  load(site, folder, arguments.records);
  Client client = open_replica(folder / "replica", Durable::no);
  site.connect(client);
  require_items(client, arguments.records);
  site.stop();

  const auto now = client.snapshot();
  RawLmdb raw(folder / "raw");
  const auto keys = shuffled_keys(now, raw);
  raw.begin_read();
  Pair get, floating, scan;
  // The first round warms the memory up, and does not count.
  for (int round = 0; round <= arguments.runs; ++round) {
    if (round == 1) get = floating = scan = Pair{};
    get.raw.run(keys.size(), [&](std::uint64_t& total) {
      for (const auto key : keys) total += raw_sum(raw.get(key.word.value));
    });
    get.ours.run(keys.size(), [&](std::uint64_t& total) {
      for (const auto key : keys) total += sum(now.get(key)->body());
    });
    floating.raw = get.raw;
    floating.ours.run(keys.size(), [&](std::uint64_t& total) {
      for (const auto key : keys) total += sum(now.get(key.floating())->body());
    });
    scan.raw.run(keys.size(), [&](std::uint64_t& total) {
      raw.scan([&](std::span<const std::byte> value) { total += raw_sum(value); });
    });
    scan.ours.run(keys.size(), [&](std::uint64_t& total) {
      for (const auto item : now.tree<Item>()) total += sum(item.body());
    });
  }
  raw.end_read();
  get.print_rows("get of three fields by key", Goal{Goal::Kind::at_most, 1.3});
  floating.print_rows("get by floating key", std::nullopt);
  scan.print_rows("scan of three fields", Goal{Goal::Kind::at_most, 1.2});
}

}  // namespace
}  // namespace coppice::bench

int main(int argc, char** argv) {
  return coppice::bench::run_benchmark(
      argc, argv,
      {.about = "Reads three fields of records by key and in order, and compares with raw LMDB.",
       .records = 1'000'000,
       .records_quick = 100'000,
       .runs = 9},
      coppice::bench::run);
}
