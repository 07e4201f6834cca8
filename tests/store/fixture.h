#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "store/check_records.h"
#include "store/environment.h"
#include "store/record_tree.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

// What the tests of the store share.
namespace coppice::store {

using Words = std::vector<std::uint64_t>;
using test::TempFolder;

inline Environment::Options quick(std::size_t map_bytes = std::size_t{64} << 20) {
  Environment::Options options;
  options.map_bytes = map_bytes;
  options.wait_for_disk = false;
  return options;
}

inline Environment::Options read_only(Environment::Options options = quick()) {
  options.access = Environment::Access::read_only;
  return options;
}

inline KeyWord key(std::uint64_t id, std::uint32_t revision = 1) {
  return KeyWord(RecordId{id}, Revision{revision});
}

// Words that differ from one another and from those of other seeds.
inline Words words(std::size_t count, std::uint64_t seed = 0) {
  Words some(count);
  std::iota(some.begin(), some.end(), seed * 1'000'003 + 1);
  return some;
}

inline RecordHeader header(std::uint64_t sequence, std::uint16_t flags = 0) {
  RecordHeader header;
  header.sequence = sequence;
  header.body_sequence = sequence;
  header.flags = flags;
  return header;
}

inline bool aligned(Bytes bytes) { return reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 == 0; }

inline Words body_of(RecordView record) { return {record.body().begin(), record.body().end()}; }

// What a check of every record says.
inline std::vector<std::string> faults_of(Database& database) {
  CheckReport report(CheckReport::Side::authority);
  check_records(database, database.read(), report);
  return report.sentences();
}

// An environment with one tree of records.
struct Records {
  TempFolder folder;
  Environment environment{folder / "records", quick()};
  Table table = *environment.open_table("records", Layout::integer_keys);
  RecordTree tree{table};

  void put(KeyWord at, const RecordHeader& header, const Words& body) {
    environment.write([&](WriteTxn& txn) { tree.put(txn, at, header, body); });
  }
};

}  // namespace coppice::store
