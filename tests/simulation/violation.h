#pragma once

#include <stdexcept>
#include <string>

namespace coppice::simulation {

// Something that must hold does not. The text begins with the invariant's name in BORROWING.md.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// `text` is a function, so that a check that passes builds no string.
template <typename Text>
void require(bool holds, Text&& text) {
  if (!holds) throw Violation(text());
}

}  // namespace coppice::simulation
