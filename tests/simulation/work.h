#pragma once

#include <string>

#include "coppice/transaction.h"
#include "tests/simulation/stock.h"

namespace coppice::simulation {

// One call of Client::write, as data: so that a failing one can be printed and run again.
struct Work {
  Names create = {};
  Names edit = {};      // edited, not checked in
  Names check_in = {};  // edited and checked in
  Names hand_in = {};   // checked in as they are
  Names next_revision = {};
  Names release = {};
  Names remove = {};
  Names set_state = {};
  std::uint16_t state = 0;  // what set_state moves to
  int step = 0;             // if not 0: the nth step instead that leads on from the state seen
  Borrowing borrowing = Borrowing::ends;
  int padding_bytes = 0;     // makes bodies larger
  std::uint32_t serial = 0;  // what parts that are created or edited get; 0: they keep theirs
};

// As C++: "{.create = {part(1)}, .padding_bytes = 100}".
std::string to_cpp(const Work& work);
std::string to_cpp(const Names& names);

}  // namespace coppice::simulation
