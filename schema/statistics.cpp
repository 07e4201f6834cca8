#include "coppice/statistics.h"

#include <unistd.h>

namespace coppice {

std::string Pin::sentence() const {
  std::string who = name.empty() ? "A snapshot" : "The snapshot '" + name + "'";
  if (process != ::getpid()) who += " of process " + std::to_string(process);
  return who + " has been held for " + std::to_string(held_us / 1'000'000) +
         " s. As long as it is, what others change makes no room again, and the file grows. End "
         "it.";
}

}  // namespace coppice
