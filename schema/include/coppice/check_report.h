#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace coppice {

// What kind of thing is wrong; it decides what that means and what to do about it (advice()).
enum class Trouble {
  damage,         // bytes are not what was written
  contradiction,  // whole in themselves, and not possible together
  derived,        // what is made of the records does not fit them; the records do not suffer
  difference,     // not what the server has
};
inline constexpr std::size_t kTroubles = 4;
const char* to_string(Trouble trouble);

struct Finding {
  Trouble trouble;
  std::string where;  // "parts:4711.2", "index 'by maker'"
  std::string what;   // "its value contradicts its header"

  // "parts:4711.2: its value contradicts its header"
  std::string sentence() const { return where + ": " + what; }
  bool operator==(const Finding&) const = default;
};

// What a check of a database found, for a person to act on: each finding, and for each kind of
// trouble what it means and what to do. Counts everything and keeps the first findings, so that a
// file of which every record is damaged is reported, too.
//
// A check calls step() for every record it looks at; that drives the progress, and ends a check
// that nobody wants any more.
class CheckReport {
 public:
  // What advice depends on.
  enum class Side { authority, replica };
  // Told now and then how many records were looked at; returns whether to go on.
  using Progress = std::function<bool(std::uint64_t looked_at)>;

  explicit CheckReport(Side side, Progress progress = nullptr)
      : side_(side), progress_(std::move(progress)) {}

  void found(Trouble trouble, std::string where, std::string what);
  // One more thing was looked at. false: the check is to end, and is not complete.
  bool step();
  // Something was not looked at, and why; not a finding.
  void left_out(std::string what) { left_out_.push_back(std::move(what)); }

  bool sound() const { return count() == 0; }
  bool complete() const { return !cancelled_; }
  std::uint64_t looked_at() const { return looked_at_; }
  std::uint64_t count() const;
  std::uint64_t count(Trouble trouble) const { return counts_[static_cast<std::size_t>(trouble)]; }
  // The first kKeptMax of each kind, in the order they were found.
  const std::vector<Finding>& findings() const { return findings_; }
  const std::vector<std::string>& not_looked_at() const { return left_out_; }
  std::vector<std::string> sentences() const;

  // What a kind of trouble means, and what to do about it.
  struct Advice {
    std::string_view means;
    std::string_view remedy;
  };
  Advice advice(Trouble trouble) const;
  // All of it as lines of text, in the order in which a person wants to know.
  std::string for_people() const;

  static constexpr std::size_t kKeptMax = 1'000;

 private:
  // Often enough for a person who waits, seldom enough to cost nothing.
  static constexpr std::uint64_t kStepsBetween = 4'096;

  Side side_;
  Progress progress_;
  bool cancelled_ = false;
  std::uint64_t looked_at_ = 0;
  std::array<std::uint64_t, kTroubles> counts_{};
  std::vector<Finding> findings_;
  std::vector<std::string> left_out_;
};

}  // namespace coppice
