// A fresh replica gets everything that a server has: from connect() until it is live. Every commit
// of the replica waits for the disk.

#include "bench/raw_lmdb.h"
#include "bench/site.h"

namespace coppice::bench {
namespace {

// What a replica applies in one transaction, in bytes (client/sync.cpp).
constexpr std::uint64_t kRawBatch = (std::uint64_t{32} << 20) / kValueBytes;

double raw_rate(const WorkFolder& folder, std::uint64_t records) {
  const auto path = folder / "raw";
  std::vector<std::uint64_t> value(kValueBytes / 8, 0x0123456789abcdef);
  double seconds = 0;
  {
    RawLmdb raw(path);
    seconds = seconds_of([&] { raw.append(records, kRawBatch, value); });
  }
  std::filesystem::remove_all(path);
  return static_cast<double>(records) / seconds;
}

double sync_rate(Site& site, const WorkFolder& folder, std::uint64_t records) {
  const auto path = folder / "replica";
  double seconds = 0;
  {
    Client client = open_replica(path, Durable::yes);
    seconds = seconds_of([&] { site.connect(client); });
    require_items(client, records);
  }
  std::filesystem::remove_all(path);
  return static_cast<double>(records) / seconds;
}

void run(const Arguments& arguments) {
  const WorkFolder folder(arguments.folder);
  Site site(arguments, folder, "server");
  load(site, folder, arguments.records);
  std::vector<double> raw, sync, ratio;
  for (int i = 0; i < arguments.runs; ++i) {
    raw.push_back(raw_rate(folder, arguments.records));
    sync.push_back(sync_rate(site, folder, arguments.records));
    ratio.push_back(sync.back() / raw.back());
  }
  print({.name = "raw LMDB append, commits of 32 MB", .value = median(raw), .unit = "records/s"});
  print({.name = "first sync into a durable replica",
         .value = median(sync),
         .unit = "records/s",
         .ratio_to_raw = median(ratio),
         .goal = Goal{Goal::Kind::at_least, 400'000},
         .ratio_goal = Goal{Goal::Kind::at_least, 0.4}});
}

}  // namespace
}  // namespace coppice::bench

int main(int argc, char** argv) {
  return coppice::bench::run_benchmark(
      argc, argv,
      {.about = "First sync of a fresh replica, compared with raw LMDB.",
       .records = 1'000'000,
       .records_quick = 100'000},
      coppice::bench::run);
}
