// Records created off line, uploaded to a server: from connect() until the last one is
// acknowledged, which is after it is on the server's disk.

#include <algorithm>

#include "bench/raw_lmdb.h"
#include "bench/site.h"

namespace coppice::bench {
namespace {

constexpr std::uint64_t kPerTransaction = 1'000;
// About what the server's group commit gets of such transactions.
constexpr std::uint64_t kRawBatch = 10'000;
constexpr std::uint64_t kSingleRecords = 2'000;

struct Rates {
  std::vector<double> create;
  std::vector<double> upload;
  std::vector<double> raw;
  std::vector<double> ratio;
};

void measure(const Arguments& arguments, std::uint64_t records, std::uint64_t per_transaction,
             Rates& rates) {
  const WorkFolder folder(arguments.folder);
  Site site(arguments, folder, "server");
  const auto count = static_cast<double>(records);
  {
    Client client = open_leased_replica(site, folder / "replica", records, Durable::yes);
    rates.create.push_back(count /
                           seconds_of([&] { create_items(client, records, per_transaction); }));
    rates.upload.push_back(count / seconds_of([&] {
                             client.connect(site.url()).value();
                             site.answer("everything is uploaded", client.flushed());
                           }));
    require_items(client, records);
  }
  site.stop();
  if (site.stored_items() != records) throw std::runtime_error("The server lost items.");

  RawLmdb raw(folder / "raw");
  std::vector<std::uint64_t> value(kValueBytes / 8, 0x0123456789abcdef);
  const auto batch = std::min(kRawBatch, records);
  rates.raw.push_back(count / seconds_of([&] { raw.append(records, batch, value); }));
  rates.ratio.push_back(rates.upload.back() / rates.raw.back());
}

void run(const Arguments& arguments) {
  Rates rates;
  for (int i = 0; i < arguments.runs; ++i) {
    measure(arguments, arguments.records, kPerTransaction, rates);
  }
  print({.name = "create off line, 1000 per transaction",
         .value = median(rates.create),
         .unit = "records/s"});
  print({.name = "raw LMDB, commits of 10,000", .value = median(rates.raw), .unit = "records/s"});
  print({.name = "upload, 1000 per transaction",
         .value = median(rates.upload),
         .unit = "records/s",
         .ratio_to_raw = median(rates.ratio),
         .goal = Goal{Goal::Kind::at_least, 150'000},
         .ratio_goal = Goal{Goal::Kind::at_least, 0.3}});

  // How much of that is owed to large transactions. Fewer records, since each of them waits for the
  // replica's disk when it is created.
  Rates single;
  const std::uint64_t records = std::min(arguments.records, kSingleRecords);
  for (int i = 0; i < arguments.runs; ++i) measure(arguments, records, 1, single);
  print({.name = "create off line, 1 per transaction",
         .value = median(single.create),
         .unit = "records/s"});
  print({.name = "upload, 1 per transaction",
         .value = median(single.upload),
         .unit = "records/s",
         .ratio_to_raw = median(single.ratio)});
}

}  // namespace
}  // namespace coppice::bench

int main(int argc, char** argv) {
  return coppice::bench::run_benchmark(
      argc, argv,
      {.about = "Uploads records that were created off line, and compares with raw LMDB.",
       .records = 100'000,
       .records_quick = 20'000},
      coppice::bench::run);
}
