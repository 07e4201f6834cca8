#include "store/statistics.h"

#include <cstring>

#include "store/table_size.h"

namespace coppice::store {
namespace {

// LMDB's own table of free pages: commit -> how many, and which.
constexpr Table kFreePages{0};

std::uint64_t count_free_pages(const Txn& txn) {
  std::uint64_t pages = 0;
  Cursor cursor(txn, kFreePages);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    std::size_t count = 0;
    std::memcpy(&count, cursor.value().data(), sizeof count);
    pages += count;
  }
  return pages;
}

TreeStatistics measure(const Txn& txn, const std::string& name, const RecordTree& tree) {
  TreeStatistics measured;
  measured.name = name;
  for (RecordCursor cursor(txn, tree); cursor; cursor.next()) {
    const RecordView record = cursor.record();
    measured.value_bytes += record.value().size();
    ++(record.header().removed() ? measured.removed : measured.live);
    if (record.header().released()) ++measured.released;
  }
  const TableSize size = size_of(txn, tree.table());
  measured.pages = size.pages;
  measured.depth = size.depth;
  return measured;
}

}  // namespace

Statistics statistics_of(Database& database) {
  Environment& environment = database.environment();
  const auto catalogue = database.catalogue();
  const auto names = environment.table_names();
  std::vector<std::pair<std::string, Table>> others;
  for (const std::string& name : names) {
    // How a table is sorted does not matter for measuring it.
    const auto table =
        environment.open_table(name, Layout::byte_keys, Environment::IfMissing::leave);
    if (table && !name.starts_with("tree.")) others.emplace_back(name, *table);
  }
  Statistics statistics;
  const ReadTxn txn = database.read("statistics");
  statistics.page_bytes = size_of(txn, kFreePages).page_bytes;
  statistics.pages = environment.pages();
  statistics.free_pages = count_free_pages(txn);
  statistics.map_bytes = environment.map_bytes();
  for (const auto& [id, tree] : catalogue->trees()) {
    if (const auto records = database.tree(id))
      statistics.trees.push_back(measure(txn, tree->name(), *records));
  }
  for (const auto& [name, table] : others) {
    const TableSize size = size_of(txn, table);
    statistics.tables.push_back({name, size.entries, size.pages});
  }
  return statistics;
}

}  // namespace coppice::store
