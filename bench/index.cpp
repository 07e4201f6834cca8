// Declared indexes: reading through a unique one, searching, writing with three of them, and
// building them. Records are made by a client that is off line, as an application makes them.

#include <algorithm>
#include <random>

#include "bench/raw_lmdb.h"
#include "bench/site.h"
#include "store/indexes.h"

namespace coppice::bench {
namespace {

constexpr std::uint64_t kBatch = 1'000;

// Another order of the numbers below `count`: made again in the same order by everybody.
std::vector<std::uint64_t> shuffled(std::uint64_t count) {
  std::vector<std::uint64_t> numbers(count);
  for (std::uint64_t i = 0; i < count; ++i) numbers[i] = i;
  std::shuffle(numbers.begin(), numbers.end(), std::mt19937_64(1));
  return numbers;
}

std::string title_of(std::uint64_t serial) {
  static constexpr const char* kColours[] = {"red",  "blue",   "green", "black", "white",
                                             "grey", "yellow", "brown", "clear", "orange"};
  static constexpr const char* kThings[] = {"resistor", "capacitor", "coil",   "plug",  "bolt",
                                            "nut",      "washer",    "spring", "cable", "relay"};
  return std::string(kColours[serial % 10]) + " " + kThings[serial / 10 % 10] + " M" +
         std::to_string(serial / 100 % 97) + " lot " + std::to_string(serial / 1000);
}

// A replica with ids for so many records of each of these trees, off line.
template <typename... T>
Client open_with_ids(Site& site, const std::filesystem::path& folder, std::uint64_t count) {
  Client::Options options{.trees = trees<T...>(), .on_event = [](const Event&) {}};
  {
    Client client = Client::open(folder, options);
    site.connect(client);
    for (TreeId tree : {TreeOf<T>::id...}) {
      while (client.ids_left(tree) < count)
        site.answer("a lease", client.lease(tree, count - client.ids_left(tree)));
    }
  }
  return Client::open(folder, options);
}

template <typename T, typename Fill>
double seconds_to_create(Client& client, std::uint64_t count, const Fill& fill_one) {
  return seconds_of([&] {
    for (std::uint64_t begin = 0; begin < count; begin += kBatch) {
      client
          .write([&](Transaction& t) {
            for (std::uint64_t i = begin; i < std::min(count, begin + kBatch); ++i)
              t.create<T>([&](typename T::Builder record) { fill_one(record, i); });
          })
          .value();
    }
  });
}

void measure_writes(Site& site, const WorkFolder& folder, const Arguments& arguments) {
  // Each a quarter, so that it does not take longer than the rest.
  const std::uint64_t count = arguments.records / 4;
  const auto order = shuffled(count);
  Client client = open_with_ids<Item, IndexedItem>(site, folder / "writes", 2 * count);
  auto rate = [&](double seconds) { return static_cast<double>(count) / seconds; };
  const double plain = rate(
      seconds_to_create<Item>(client, count, [](auto item, std::uint64_t i) { fill(item, i); }));
  const double growing = rate(seconds_to_create<IndexedItem>(
      client, count, [](auto item, std::uint64_t i) { fill(item, i); }));
  const double random = rate(seconds_to_create<IndexedItem>(
      client, count, [&](auto item, std::uint64_t i) { fill(item, count + order[i]); }));
  print({.name = "create without indexes", .value = plain, .unit = "records/s"});
  print({.name = "with three, numbers grow",
         .value = growing,
         .unit = "records/s",
         .ratio_to_raw = growing / plain,
         .ratio_goal = Goal{Goal::Kind::at_least, 0.5}});
  print({.name = "with three, numbers at random",
         .value = random,
         .unit = "records/s",
         .ratio_to_raw = random / plain,
         .ratio_goal = Goal{Goal::Kind::at_least, 0.5}});
  remark("(the ratios of these are to creating without indexes)");
}

// Puts what runs of indexes have into their table, as an open replica does when nobody writes.
void measure_drain(const std::filesystem::path& folder, const std::string& what) {
  store::Database database(folder, store::Role::replica);
  store::Indexes indexes(database, store::Indexes::Kept::all);
  std::uint64_t entries = 0;
  std::size_t runs = 0;
  {
    const auto txn = database.read();
    for (const auto& stored : indexes.tables().values.runs(txn)) {
      entries += stored.run.size();
      ++runs;
    }
  }
  const double seconds = seconds_of([&] { indexes.drain_to_the_end(); });
  print({.name = "drain " + std::to_string(runs) + " runs, " + what,
         .value = entries == 0 ? 0 : static_cast<double>(entries) / seconds,
         .unit = "entries/s"});
  remark("(" + std::to_string(entries) + " entries in " + std::to_string(seconds) + " s)");
}

void measure_reads(const Client& client, const WorkFolder& folder, const Arguments& arguments,
                   const std::string& what, const std::optional<Goal>& goal) {
  const auto now = client.snapshot();
  std::filesystem::remove_all(folder / "raw");
  RawLmdb raw(folder / "raw");
  std::vector<std::pair<std::string, Key<IndexedItem>>> wanted;
  raw.write([&] {
    for (const auto item : now.tree<IndexedItem>()) {
      wanted.emplace_back(item->getNumber().cStr(), item.key());
      raw.put_last(item.key().word.value, item.view().value());
    }
  });
  std::shuffle(wanted.begin(), wanted.end(), std::mt19937_64(1));
  raw.begin_read();
  std::vector<double> raw_ns, ours_ns, ratios;
  // The first round warms the memory up, and does not count.
  for (int round = 0; round <= arguments.runs; ++round) {
    std::uint64_t raw_sum = 0, our_sum = 0;
    const double per_record = 1e9 / static_cast<double>(wanted.size());
    const double raw_one = per_record * seconds_of([&] {
                             for (const auto& [number, key] : wanted)
                               raw_sum += static_cast<std::uint64_t>(raw.get(key.word.value)[72]);
                           });
    const double our_one = per_record * seconds_of([&] {
                             for (const auto& [number, key] : wanted)
                               our_sum += static_cast<std::uint8_t>(
                                   now.find(IndexedItemFields::number, number)->body().getPrice());
                           });
    if (raw_sum != our_sum) throw std::runtime_error("The index found something else.");
    if (round == 0) continue;
    raw_ns.push_back(raw_one);
    ours_ns.push_back(our_one);
    ratios.push_back(our_one / raw_one);
  }
  raw.end_read();
  print({.name = "raw LMDB get by key", .value = median(raw_ns), .unit = "ns/record"});
  print({.name = what,
         .value = median(ours_ns),
         .unit = "ns/record",
         .ratio_to_raw = median(ratios),
         .ratio_goal = goal});
}

void measure_search(const Client& client, const Arguments& arguments) {
  const auto now = client.snapshot();
  struct Question {
    const char* what;
    const char* text;
  };
  for (const auto& [what, text] :
       {Question{"search a common word", "resistor"},
        Question{"search two common words", "red bolt"},
        Question{"search a word and a beginning", "m17 res"}, Question{"search a beginning", "lo"},
        Question{"search two rare words", "m17 77"}}) {
    std::vector<double> times;
    for (int run = 0; run < 20 * arguments.runs; ++run)
      times.push_back(
          1e3 * seconds_of([&, text = text] { use(now.search<TitledItem>(text, 100).size()); }));
    print({.name = std::string(what) + " (" + std::to_string(now.search<TitledItem>(text).size()) +
                   " hits)",
           .value = median(times),
           .unit = "ms",
           .goal = Goal{Goal::Kind::at_most, 1}});
  }
}

// What the replica's folder holds, indexed anew.
void measure_build(const std::filesystem::path& folder, TreeId tree) {
  store::Database database(folder, store::Role::replica);
  const store::IndexTables tables(database);
  const auto values = database.environment().open_table("values", store::Layout::word_sets);
  database.write([&](store::WriteTxn& txn) {
    for (auto table : {tables.indexes, *values, tables.words, tables.references}) txn.clear(table);
  });
  const auto count = database.tree(tree)->count(database.read());
  const double seconds =
      seconds_of([&] { store::Indexes(database, store::Indexes::Kept::all).work_to_the_end(); });
  print({.name = "build the indexes of " + database.catalogue()->find(tree)->name(),
         .value = static_cast<double>(count) / seconds,
         .unit = "records/s",
         .goal = Goal{Goal::Kind::at_least, 500'000}});
}

void run(const Arguments& arguments) {
  const WorkFolder folder(arguments.folder);
  Site site(arguments, folder, "server");
  measure_writes(site, folder, arguments);
  measure_drain(folder / "writes", "half at random");
  {
    Client client = open_with_ids<IndexedItem>(site, folder / "items", arguments.records);
    const auto order = shuffled(arguments.records);
    const double seconds = seconds_to_create<IndexedItem>(
        client, arguments.records, [&](auto item, std::uint64_t i) { fill(item, order[i]); });
    print({.name = "all of them at random, with drains",
           .value = static_cast<double>(arguments.records) / seconds,
           .unit = "records/s"});
    measure_reads(client, folder, arguments, "find by a unique text, among runs", std::nullopt);
  }
  measure_drain(folder / "items", "at random");
  {
    const Client client = Client::open(
        folder / "items", {.trees = trees<IndexedItem>(), .on_event = [](const Event&) {}});
    measure_reads(client, folder, arguments, "find by a unique text",
                  Goal{Goal::Kind::at_most, 2.5});
  }
  measure_build(folder / "items", TreeOf<IndexedItem>::id);
  {
    Client client = open_with_ids<TitledItem>(site, folder / "titles", arguments.records);
    seconds_to_create<TitledItem>(client, arguments.records,
                                  [](auto item, std::uint64_t i) { item.setTitle(title_of(i)); });
    measure_search(client, arguments);
  }
  measure_build(folder / "titles", TreeOf<TitledItem>::id);
}

}  // namespace
}  // namespace coppice::bench

int main(int argc, char** argv) {
  return coppice::bench::run_benchmark(
      argc, argv,
      {.about = "Finds, searches and writes records with declared indexes, and builds these.",
       .records = 1'000'000,
       .records_quick = 50'000,
       .runs = 5},
      coppice::bench::run);
}
