#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "coppice/key.h"

namespace coppice {

// Why something was refused. The same numbers as `Code` in coppice/protocol.capnp, where each has
// its line: when it occurs and what to do. Stored and sent: never renumber.
enum class Errc : std::uint16_t {
  none = 0,
  bad_request = 1,
  protocol_version = 2,
  foreign_database = 3,
  foreign_application = 4,
  epoch_changed = 5,
  recovering = 6,
  held = 7,
  held_by_you = 8,
  offered = 9,
  not_borrowed = 10,
  borrow_lost = 11,
  stale_base = 12,
  frozen = 13,
  head_not_released = 14,
  pending_changes = 15,
  invalid = 16,
  foreign_key = 17,
  unknown_record = 18,
  unknown_tree = 19,
  removed = 20,
  referenced = 21,
  state_conflict = 22,
  no_transition = 23,
  no_right = 24,
  comment_needed = 25,
  request_id_reused = 26,
  stale_operation = 27,
  id_space_full = 28,
  lease_exhausted = 29,
  offline = 30,
  incompatible_schema = 31,
  no_space = 32,
  not_versioned = 33,
  device_forked = 34,
  needs_newer_client = 35,
  cancelled = 36,
  not_supported = 37,
  not_unique = 38,
  index_set_aside = 39,
  unknown_user = 40,
  revoked = 41,
  not_overdue = 42,
  already_free = 43,
  offer_gone = 44,
  too_soon = 45,
  children_not_released = 46,
  not_pinned = 47,
  obsolete = 48,
};

// The word for a code as people and scripts see it: "borrow_lost".
const char* to_string(Errc code);

// Who has a record. Times are microseconds since 1970 UTC by the server's clock; 0 is "not known"
// (expected_return), "on line now" (last_seen) or "it is not" (overdue).
struct Holder {
  std::uint32_t client = 0;
  std::string device;
  std::string user;
  std::int64_t since_us = 0;
  std::int64_t last_seen_us = 0;
  std::string purpose;
  std::int64_t expected_return_us = 0;
  std::uint64_t token = 0;
  // Since when nobody has heard of the holder for too long, or the return is late.
  std::int64_t overdue_us = 0;
  bool operator==(const Holder&) const = default;
};

// An ordinary refusal: a value, not an exception. `message` is a full sentence; the other fields
// let a program offer the next step without reading it. A transaction's refusal carries one reason
// per cause, the first of them on the top level too.
struct Error {
  Errc code = Errc::none;
  std::string message;
  AnyKey key;
  std::optional<Holder> holder;
  std::uint64_t expected = 0;
  std::uint64_t actual = 0;
  std::vector<Error> reasons;
};

inline Error error(Errc code, std::string message, AnyKey key = {}) {
  Error e;
  e.code = code;
  e.message = std::move(message);
  e.key = key;
  return e;
}

// Thrown by Result::value() when there is none: for programs that treat a refusal as fatal.
class RefusedError : public std::runtime_error {
 public:
  explicit RefusedError(Error error)
      : std::runtime_error(error.message), error_(std::move(error)) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw RefusedError(error);
}

template <typename T>
using Result = boost::system::result<T, Error>;

// The machine failed us: the disk, the file system, a damaged file.
class StorageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// A stored value contradicts itself. Nothing was changed.
class CorruptionError : public StorageError {
 public:
  using StorageError::StorageError;
};
// The disk is full. The transaction is gone, everything before it is there.
class NoSpaceError : public StorageError {
 public:
  using StorageError::StorageError;
};

}  // namespace coppice
