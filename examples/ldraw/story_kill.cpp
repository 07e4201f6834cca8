// Step 6: the server is killed in the middle of an upload.

#include <algorithm>
#include <charconv>

#include "examples/ldraw/stage.h"

namespace ldraw {
namespace {

constexpr std::uint64_t kNotes = 50000;
// Small transactions, so that many are under way when the server dies.
constexpr std::uint64_t kNotesPerTransaction = 200;
constexpr std::uint64_t kTransactions = kNotes / kNotesPerTransaction;
constexpr std::string_view kNoteText = "stock taken, note ";

void write_notes_offline(Stage& stage, coppice::Client& client) {
  const TreeCount notes{coppice::TreeOf<HistoryEntry>::id, "history", kNotes};
  while (client.ids_left(notes.tree) < kNotes) {
    granted(stage, "ids for notes", client.lease(notes.tree, kNotes));
  }
  client.disconnect();
  Stopwatch time;
  for (std::uint64_t begin = 0; begin < kNotes; begin += kNotesPerTransaction) {
    client
        .write([&](coppice::Transaction& t) {
          for (std::uint64_t i = begin; i < begin + kNotesPerTransaction; ++i) {
            t.create<HistoryEntry>([&](HistoryEntry::Builder note) {
              note.setUser("Wanda");
              note.setText(std::string(kNoteText) + std::to_string(i));
            });
          }
        })
        .value();
  }
  stage.report.line("workstation (offline) wrote " + with_commas(kNotes) + " notes in " +
                    with_commas(kTransactions) + " transactions, in " + duration(time.seconds()) +
                    ".");
}

// Returns how many transactions had their answer when the server died.
std::uint64_t kill_when_a_third_is_answered(Stage& stage, coppice::Client& client) {
  client.connect(stage.server.url()).value();
  std::uint64_t answered = 0;
  wait_until(stage, "a third of the upload", [&] {
    answered = kTransactions - std::min(client.status().outbox, kTransactions);
    return answered * 3 >= kTransactions;
  });
  stage.server.kill();
  answered = kTransactions - std::min(client.status().outbox, kTransactions);
  return answered;
}

// Each note is there, and none twice.
void check_notes(const coppice::Client& client, const std::string& name, std::uint64_t others) {
  std::vector<bool> seen(kNotes);
  std::uint64_t records = 0;
  const auto now = client.snapshot();
  for (const auto entry : now.tree<HistoryEntry>()) {
    ++records;
    const std::string_view text(entry->getText().cStr(), entry->getText().size());
    if (!text.starts_with(kNoteText)) continue;
    std::uint64_t number = kNotes;
    std::from_chars(text.data() + kNoteText.size(), text.data() + text.size(), number);
    require(number < kNotes && !seen[number],
            name + " has note " + std::to_string(number) + " twice, after the server was killed.");
    seen[number] = true;
  }
  const auto missing = std::count(seen.begin(), seen.end(), false);
  require(missing == 0 && records == kNotes + others,
          name + " lacks " + std::to_string(missing) + " notes, after the server was killed.");
}

void check_borrow(Stage& stage, PartKey held) {
  const auto borrowed = stage.bench->borrowed();
  require(borrowed.size() == 1 && borrowed[0].record() == coppice::AnyKey(held).record(),
          "bench has lost its borrow.");
  const auto refused = answer_of(stage, "the server's refusal", stage.workstation->check_out(held));
  require(!refused && refused.error().holder && refused.error().holder->device == "bench",
          "The server has forgotten who holds the record.");
  stage.report.line("bench still holds what it had borrowed; workstation is told: \"" +
                    refused.error().message + "\"");
  granted(stage, "bench gives its part back", stage.bench->give_back({held}));
}

void check_invariants(Stage& stage) {
  Stopwatch time;
  for (const coppice::Client* client : {&*stage.workstation, &*stage.bench}) {
    const auto broken = client->check_invariants();
    require(broken.empty(),
            broken.empty() ? "" : std::string("A replica contradicts itself: ") + broken[0]);
  }
  stage.report.line("Both replicas hold every invariant of theirs, checked in " +
                    duration(time.seconds()) + ".");
}

}  // namespace

void kill_server_during_upload(Stage& stage) {
  stage.report.step(6, "The server is killed in the middle of an upload");
  const PartKey held =
      stage.bench->snapshot().head(stage.keys.parts[most_used_part(stage.library)])->key();
  const auto others = stage.workstation->snapshot().count<HistoryEntry>();
  granted(stage, "bench borrows a part", stage.bench->check_out(held, {.reason = "stocktaking"}));
  write_notes_offline(stage, *stage.workstation);

  const auto answered = kill_when_a_third_is_answered(stage, *stage.workstation);
  require(answered < kTransactions, "The upload was over before the server could be killed.");
  stage.report.line("SIGKILL when " + with_commas(answered) + " of " + with_commas(kTransactions) +
                    " transactions had their answer.");
  Stopwatch time;
  stage.server.start();
  stage.report.line("Started again, the server listens after " + duration(time.seconds()) + ".");
  granted(stage, "the rest of the upload", stage.workstation->flushed());
  stage.report.line("workstation came back by itself and uploaded the rest, all within " +
                    duration(time.seconds()) + ".");

  auto auditor = open_replica(stage, "auditor 2");
  connect(stage, auditor);
  const auto sequence = auditor.snapshot().sequence();
  wait_for_sequence(stage, *stage.workstation, sequence);
  wait_for_sequence(stage, *stage.bench, sequence);
  check_notes(*stage.workstation, "workstation", others);
  check_notes(*stage.bench, "bench", others);
  check_notes(auditor, "the server", others);
  const auto equal = require_equal(
      {{"workstation", &*stage.workstation}, {"bench", &*stage.bench}, {"server", &auditor}});
  stage.report.line("Nothing is lost and nothing is there twice: " + with_commas(kNotes) +
                    " notes, and " + with_commas(equal) +
                    " records equal in workstation, bench and server.");
  check_borrow(stage, held);
  check_invariants(stage);
}

}  // namespace ldraw
