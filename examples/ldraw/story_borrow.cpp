// Step 5: one borrows and edits off line, the other waits in line.

#include <algorithm>

#include "examples/ldraw/stage.h"
#include "examples/ldraw/where_used.h"

namespace ldraw {
namespace {

using Kind = coppice::Event::Kind;

// The released part with the longest bill of materials: one that is worth an edit.
PartIndex part_to_edit(const Stage& stage) {
  const auto now = stage.workstation->snapshot();
  PartIndex best = 0;
  std::size_t best_lines = 0;
  for (PartIndex part = 0; part < stage.library.parts.size(); ++part) {
    const auto head = now.head(stage.keys.parts[part]);
    const std::size_t lines = (*head)->getBom().size();
    if (!head->header().released() || lines <= best_lines) continue;
    best = part;
    best_lines = lines;
  }
  require(best_lines > 0, "No part with a bill of materials was released.");
  return best;
}

// Everything a client tells, until what is waited for was among it.
class EventLog {
 public:
  EventLog(Stage& stage, coppice::Client& client) : stage_(stage), client_(client) {
    client_.poll();
  }

  coppice::Event wait_for(Kind kind, coppice::AnyKey record) {
    std::optional<coppice::Event> found;
    wait_until(stage_, std::string("the event '") + coppice::to_string(kind) + "'", [&] {
      for (coppice::Event& event : client_.poll()) events_.push_back(std::move(event));
      return (found = find(kind, record)).has_value();
    });
    return *found;
  }

 private:
  std::optional<coppice::Event> find(Kind kind, coppice::AnyKey record) const {
    const auto is_it = [&](const coppice::Event& event) {
      return event.kind == kind && event.key.record() == record.record();
    };
    const auto event = std::find_if(events_.begin(), events_.end(), is_it);
    if (event == events_.end()) return std::nullopt;
    return *event;
  }

  Stage& stage_;
  coppice::Client& client_;
  std::vector<coppice::Event> events_;
};

// bench has it; workstation is told so, and waits.
void ask_for_what_is_held(Stage& stage, coppice::AnyKey record) {
  const auto refused = answer_of(stage, "the server's refusal",
                                 stage.workstation->check_out(record, {.reason = "new colour"}));
  require(!refused, "Two replicas hold the same record.");
  const coppice::Error& error = refused.error();
  require(error.code == coppice::Errc::held && error.holder && error.holder->device == "bench",
          "workstation was not told who holds the record: " + error.message);
  stage.report.line("workstation asks for it too, and is told: \"" + error.message +
                    "\" (holder: " + error.holder->user + ", " + error.holder->device +
                    "; because: " + error.holder->purpose + ")");
  const auto line = granted(stage, "waiting in line",
                            stage.workstation->wait_in_line({record}, {.reason = "new colour"}));
  stage.report.line("workstation waits in line, at place " + std::to_string(line.place) + ".");
}

// The next revision, one line longer than the last.
PartKey edit_offline(Stage& stage, PartKey released, PartKey child) {
  const auto written = stage.bench->write([&](coppice::Transaction& t) {
    const PartKey draft = t.next_revision(released);
    Part::Builder body = t.edit(draft);
    const auto old_lines = t.before().get(released).value()->getBom();
    auto lines = body.initBom(old_lines.size() + 1);
    for (unsigned i = 0; i < old_lines.size(); ++i) lines.setWithCaveats(i, old_lines[i]);
    coppice::refer(lines[old_lines.size()].initPart(), child.floating());
    lines[old_lines.size()].setQuantity(1);
    t.check_in(draft, "one more edge");
    return draft;
  });
  if (!written) throw StoryError("bench could not edit offline: " + written.error().message);
  return *written;
}

void require_used_in(const Stage& stage, const coppice::Client& client, PartKey child,
                     PartKey parent) {
  const auto parents = where_used(client.snapshot(), child);
  require(std::find(parents.begin(), parents.end(), parent) != parents.end(),
          "An indexer had not seen " + stage.bench->format(parent) + " when its event came.");
}

// What was released is refused even to the one who has borrowed the record.
void try_to_edit_released(Stage& stage, PartKey released) {
  const auto refused = stage.bench->write(
      [&](coppice::Transaction& t) { t.edit(released).setTitle("a better title"); });
  require(!refused, "A released revision was changed.");
  require(refused.error().code == coppice::Errc::frozen,
          "A released revision was refused for another reason: " + refused.error().message);
  stage.report.line("bench tries to edit the released revision itself, and is told: \"" +
                    refused.error().message + "\"");
}

}  // namespace

void borrow_and_wait_in_line(Stage& stage) {
  stage.report.step(5, "One record, two who want it");
  const PartIndex part = part_to_edit(stage);
  const PartKey child = stage.keys.parts[most_used_part(stage.library)];
  const PartKey released = stage.bench->snapshot().head(stage.keys.parts[part])->key();
  EventLog events(stage, *stage.workstation);

  granted(stage, "bench borrows a part",
          stage.bench->check_out(released, {.reason = "an edge is missing"}));
  stage.report.line("bench borrows " + stage.bench->format(released) + " (" +
                    stage.library.parts[part].name + ") and goes offline right after.");
  ask_for_what_is_held(stage, released);
  stage.bench->disconnect();
  try_to_edit_released(stage, released);
  const PartKey draft = edit_offline(stage, released, child);
  require_used_in(stage, *stage.bench, child, draft);
  stage.report.line("So bench, still offline, makes revision " +
                    std::to_string(draft.revision().value) +
                    " and checks it in: its own index shows it at once, the server knows nothing.");

  Stopwatch time;
  connect(stage, *stage.bench);
  granted(stage, "the check-in of bench", stage.bench->flushed());
  events.wait_for(Kind::created, draft);
  require_used_in(stage, *stage.workstation, child, draft);
  stage.report.line("bench is back: workstation gets the event after " + duration(time.seconds()) +
                    ", and its where-used index has already seen the new revision.");
  events.wait_for(Kind::offered, draft);
  granted(stage, "workstation borrows what it was offered", stage.workstation->check_out(draft));
  stage.report.line("workstation is offered the borrow it waited for, and takes it.");
  granted(stage, "workstation gives the part back", stage.workstation->give_back({draft}));
  // The server's word comes a moment before the change itself.
  wait_until(stage, "workstation holds nothing",
             [&] { return stage.workstation->borrowed().empty(); });
}

}  // namespace ldraw
