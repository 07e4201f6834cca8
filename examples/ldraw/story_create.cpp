// Steps 1 and 2: a server, and a replica that is filled off line.

#include "examples/ldraw/stage.h"

namespace ldraw {
namespace {

void lease_ids(Stage& stage, coppice::Client& client, const TreeCount& tree) {
  while (client.ids_left(tree.tree) < tree.records) {
    const auto missing = tree.records - client.ids_left(tree.tree);
    const auto leased = granted(stage, "ids for " + tree.name, client.lease(tree.tree, missing));
    require(leased.begin < leased.end, "The server leased no ids for " + tree.name + ".");
  }
}

void pair_and_lease(Stage& stage, coppice::Client& client) {
  Stopwatch time;
  connect(stage, client);
  for (const TreeCount& tree : records_of(stage.library)) lease_ids(stage, client, tree);
  client.disconnect();
  stage.report.line(
      "workstation paired with the server, leased ids for its new records and went "
      "offline, in " +
      duration(time.seconds()) + ".");
}

std::uint64_t unpublished_parts(const Library& library) {
  std::uint64_t count = 0;
  for (const LibraryPart& part : library.parts) count += part.revisions.empty();
  return count;
}

Imported create_offline(Stage& stage, coppice::Client& client) {
  Stopwatch time;
  Stopwatch tree_time;
  auto imported = import_library(client, stage.library, [&](const TreeCount& tree) {
    stage.report.line("  " + tree.name + ": " + with_commas(tree.records) + " in " +
                      duration(tree_time.seconds()));
    tree_time = {};
  });
  const double seconds = time.seconds();
  stage.report.line("workstation (offline) created " + with_commas(imported.records) +
                    " records in " + duration(seconds) + " (" + rate(imported.records, seconds) +
                    "), in " + with_commas(imported.transactions) +
                    " transactions, each on disk before the next.");
  if (const auto unpublished = unpublished_parts(stage.library)) {
    stage.report.line(counted(unpublished, "part") +
                      " that others refer to but that no release has published: created with a "
                      "number and nothing else, so that every reference leads somewhere.");
  }
  return imported;
}

// The outbox counts transactions, which have about the same number of records each.
void show_progress(Stage& stage, const Imported& imported, std::uint64_t outbox, double seconds) {
  const auto done = imported.transactions - std::min(outbox, imported.transactions);
  const auto records = imported.records * done / imported.transactions;
  stage.report.line("  " + with_commas(records) + " uploaded after " + duration(seconds));
}

void upload(Stage& stage, coppice::Client& client, const Imported& imported) {
  Stopwatch time;
  client.connect(stage.server.url()).value();
  const auto flushed = client.flushed();
  std::uint64_t next_quarter = 1;
  wait_until(stage, "the workstation uploads what it created", [&] {
    const auto outbox = client.status().outbox;
    if (next_quarter < 4 && outbox * 4 <= imported.transactions * (4 - next_quarter)) {
      show_progress(stage, imported, outbox, time.seconds());
      ++next_quarter;
    }
    return flushed.result().has_value();
  });
  const double seconds = time.seconds();
  granted(stage, "the upload", flushed);
  require(client.conflicts().empty(), "The server refused a part of the upload.");
  stage.report.line("workstation (on line) uploaded " + with_commas(imported.records) +
                    " records in " + duration(seconds) + " (" + rate(imported.records, seconds) +
                    "), durable at the server.");
}

}  // namespace

void start_server(Stage& stage) {
  stage.report.step(1, "A server starts, with an empty database in a fresh folder");
  Stopwatch time;
  stage.server.start();
  stage.report.line("coppice-server listens on " + stage.server.url() + " after " +
                    duration(time.seconds()) + ".");
}

void create_and_upload(Stage& stage) {
  stage.report.step(2, "\"workstation\" creates a parts catalogue offline, then uploads it");
  coppice::Client& client = stage.workstation.emplace(open_replica(stage, "workstation"));
  pair_and_lease(stage, client);
  Imported imported = create_offline(stage, client);
  upload(stage, client, imported);
  stage.keys = std::move(imported.keys);
}

}  // namespace ldraw
