#pragma once

namespace coppice {

// Prints the broken condition with its place, and aborts. Never returns.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace coppice

// A precondition or invariant of our own; broken, it is our bug. On in every build. Never for what
// a peer, a user or a file said: that is a Result or an exception.
#define COPPICE_CHECK(condition) \
  ((condition) ? void(0) : ::coppice::check_failed(#condition, __FILE__, __LINE__))
