#pragma once

namespace coppice::command {

// Makes Ctrl-C (and SIGTERM) something that a verb looks at where it can stop in good order. A
// second one ends the process at once, which loses nothing either: a replica survives that.
class Interrupts {
 public:
  Interrupts();
  Interrupts(const Interrupts&) = delete;

  bool pending() const;
};

}  // namespace coppice::command
