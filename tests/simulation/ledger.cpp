#include "tests/simulation/ledger.h"

#include <charconv>

#include "tests/simulation/violation.h"

namespace coppice::simulation {

const Deed* Ledger::find(std::uint64_t number) const {
  const auto found = deeds_.find(number);
  return found == deeds_.end() ? nullptr : &found->second;
}

Deed& Ledger::known(std::uint64_t number) {
  const auto found = deeds_.find(number);
  require(found != deeds_.end(), [&] {
    return "X3: transaction " + std::to_string(number) + " was refused locally and lives on";
  });
  return found->second;
}

void Ledger::settle(std::uint64_t number, Fate fate) {
  Deed& deed = known(number);
  require(deed.fate == Fate::open || deed.fate == fate, [&] {
    return "X5: transaction " + std::to_string(number) + " of " + deed.client +
           " was both applied and refused";
  });
  deed.fate = fate;
}

void Ledger::applied(std::uint64_t number) { settle(number, Fate::applied); }
void Ledger::refused(std::uint64_t number) { settle(number, Fate::refused); }
void Ledger::discarded(std::uint64_t number) { known(number).discarded = true; }

std::string comment_of(std::uint64_t number) {
  std::string text = "t";
  text += std::to_string(number);
  return text;
}

std::uint64_t number_of(std::string_view comment) {
  std::uint64_t number = 0;
  if (comment.size() < 2 || comment.front() != 't') return 0;
  const auto end = comment.data() + comment.size();
  const auto result = std::from_chars(comment.data() + 1, end, number);
  return result.ec == std::errc() && result.ptr == end ? number : 0;
}

}  // namespace coppice::simulation
