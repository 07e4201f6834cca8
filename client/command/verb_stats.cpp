#include <iostream>

#include "client/command/json.h"
#include "client/command/online.h"
#include "client/command/verbs.h"

namespace coppice::command {
namespace {

std::uint64_t average(const TreeStatistics& tree) {
  const std::uint64_t records = tree.live + tree.removed;
  return records == 0 ? 0 : tree.value_bytes / records;
}

void print_for_people(const Statistics& statistics, const std::vector<Pin>& pins) {
  const std::uint64_t page = statistics.page_bytes;
  std::cout << "file  " << statistics.pages * page << " bytes in " << statistics.pages << " pages, "
            << statistics.free_pages << " of them free; room for " << statistics.map_bytes
            << " bytes\n";
  for (const TreeStatistics& tree : statistics.trees) {
    std::cout << "tree  " << tree.name << ": " << tree.live << " revisions, " << tree.released
              << " of them released, " << tree.removed << " removed; " << tree.value_bytes
              << " bytes, " << average(tree) << " each, in " << tree.pages * page
              << " bytes of pages, depth " << tree.depth << '\n';
  }
  for (const TableStatistics& table : statistics.tables) {
    std::cout << "table " << table.name << ": " << table.entries << " entries in "
              << table.pages * page << " bytes of pages\n";
  }
  for (const Pin& pin : pins) {
    std::cout << "pinned by process " << pin.process << ", " << pin.behind << " commits ago\n";
  }
}

void print_json(const Statistics& statistics, const std::vector<Pin>& pins) {
  JsonList trees, tables, pinned;
  for (const TreeStatistics& tree : statistics.trees) {
    trees.raw(JsonObject()
                  .text("name", tree.name)
                  .number("live", tree.live)
                  .number("removed", tree.removed)
                  .number("released", tree.released)
                  .number("valueBytes", tree.value_bytes)
                  .number("averageBytes", average(tree))
                  .number("pageBytes", tree.pages * statistics.page_bytes)
                  .number("depth", tree.depth)
                  .str());
  }
  for (const TableStatistics& table : statistics.tables) {
    tables.raw(JsonObject()
                   .text("name", table.name)
                   .number("entries", table.entries)
                   .number("pageBytes", table.pages * statistics.page_bytes)
                   .str());
  }
  for (const Pin& pin : pins) {
    pinned.raw(JsonObject().number("process", pin.process).number("behind", pin.behind).str());
  }
  std::cout << JsonObject()
                   .number("fileBytes", statistics.pages * statistics.page_bytes)
                   .number("freeBytes", statistics.free_pages * statistics.page_bytes)
                   .number("mapBytes", statistics.map_bytes)
                   .raw("trees", trees.str())
                   .raw("tables", tables.str())
                   .raw("pins", pinned.str())
                   .str()
            << '\n';
}

}  // namespace

Result<Done> run(const Place& place, const StatsVerb& verb) {
  const Client client = open_to_read(place);
  // Before our own snapshot is one of them.
  const auto pins = client.pins();
  const Statistics statistics = client.statistics();
  if (verb.form == Form::json) {
    print_json(statistics, pins);
  } else {
    print_for_people(statistics, pins);
  }
  return Done{};
}

}  // namespace coppice::command
