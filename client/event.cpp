#include "coppice/event.h"

namespace coppice {

const char* to_string(Connection connection) {
  switch (connection) {
    case Connection::offline:
      return "offline";
    case Connection::connecting:
      return "connecting";
    case Connection::syncing:
      return "syncing";
    case Connection::live:
      return "live";
    case Connection::refused:
      return "refused";
  }
  return "unknown";
}

const char* to_string(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::created:
      return "created";
    case Event::Kind::changed:
      return "changed";
    case Event::Kind::removed:
      return "removed";
    case Event::Kind::borrowed:
      return "borrowed";
    case Event::Kind::returned:
      return "returned";
    case Event::Kind::released:
      return "released";
    case Event::Kind::state:
      return "state";
    case Event::Kind::accepted:
      return "accepted";
    case Event::Kind::conflict:
      return "conflict";
    case Event::Kind::queued:
      return "queued";
    case Event::Kind::offered:
      return "offered";
    case Event::Kind::lease:
      return "lease";
    case Event::Kind::connection:
      return "connection";
    case Event::Kind::pinned:
      return "pinned";
    case Event::Kind::progress:
      return "progress";
    case Event::Kind::indexer:
      return "indexer";
    case Event::Kind::missed:
      return "missed";
    case Event::Kind::entered:
      return "entered";
    case Event::Kind::updated:
      return "updated";
    case Event::Kind::left:
      return "left";
    case Event::Kind::broken:
      return "broken";
    case Event::Kind::taken_over:
      return "taken_over";
    case Event::Kind::handed_over:
      return "handed_over";
    case Event::Kind::hand_over:
      return "hand_over";
    case Event::Kind::overdue:
      return "overdue";
    case Event::Kind::nudged:
      return "nudged";
    case Event::Kind::warning:
      return "warning";
  }
  return "unknown";
}

}  // namespace coppice
