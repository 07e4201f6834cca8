#include "coppice/error.h"

namespace coppice {

const char* to_string(Errc code) {
  switch (code) {
    case Errc::none:
      return "none";
    case Errc::bad_request:
      return "bad_request";
    case Errc::protocol_version:
      return "protocol_version";
    case Errc::foreign_database:
      return "foreign_database";
    case Errc::foreign_application:
      return "foreign_application";
    case Errc::epoch_changed:
      return "epoch_changed";
    case Errc::recovering:
      return "recovering";
    case Errc::held:
      return "held";
    case Errc::held_by_you:
      return "held_by_you";
    case Errc::offered:
      return "offered";
    case Errc::not_borrowed:
      return "not_borrowed";
    case Errc::borrow_lost:
      return "borrow_lost";
    case Errc::stale_base:
      return "stale_base";
    case Errc::frozen:
      return "frozen";
    case Errc::head_not_released:
      return "head_not_released";
    case Errc::pending_changes:
      return "pending_changes";
    case Errc::invalid:
      return "invalid";
    case Errc::foreign_key:
      return "foreign_key";
    case Errc::unknown_record:
      return "unknown_record";
    case Errc::unknown_tree:
      return "unknown_tree";
    case Errc::removed:
      return "removed";
    case Errc::referenced:
      return "referenced";
    case Errc::state_conflict:
      return "state_conflict";
    case Errc::no_transition:
      return "no_transition";
    case Errc::no_right:
      return "no_right";
    case Errc::comment_needed:
      return "comment_needed";
    case Errc::request_id_reused:
      return "request_id_reused";
    case Errc::stale_operation:
      return "stale_operation";
    case Errc::id_space_full:
      return "id_space_full";
    case Errc::lease_exhausted:
      return "lease_exhausted";
    case Errc::offline:
      return "offline";
    case Errc::incompatible_schema:
      return "incompatible_schema";
    case Errc::no_space:
      return "no_space";
    case Errc::not_versioned:
      return "not_versioned";
    case Errc::device_forked:
      return "device_forked";
    case Errc::needs_newer_client:
      return "needs_newer_client";
    case Errc::cancelled:
      return "cancelled";
    case Errc::not_supported:
      return "not_supported";
    case Errc::not_unique:
      return "not_unique";
    case Errc::index_set_aside:
      return "index_set_aside";
  }
  return "unknown_code";
}

}  // namespace coppice
