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
  }
  return "unknown";
}

}  // namespace coppice
