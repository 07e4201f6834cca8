#include "coppice/check_report.h"

#include <numeric>

namespace coppice {
namespace {

constexpr Trouble kAll[kTroubles] = {Trouble::damage, Trouble::contradiction, Trouble::derived,
                                     Trouble::difference};
// Of each kind; who wants them all asks for JSON.
constexpr std::size_t kShownMax = 20;

}  // namespace

const char* to_string(Trouble trouble) {
  switch (trouble) {
    case Trouble::damage:
      return "damage";
    case Trouble::contradiction:
      return "contradiction";
    case Trouble::derived:
      return "derived";
    case Trouble::difference:
      return "difference";
  }
  return "unknown";
}

void CheckReport::found(Trouble trouble, std::string where, std::string what) {
  if (counts_[static_cast<std::size_t>(trouble)]++ >= kKeptMax) return;
  findings_.push_back({trouble, std::move(where), std::move(what)});
}

bool CheckReport::step() {
  if (++looked_at_ % kStepsBetween == 0 && progress_ && !progress_(looked_at_)) cancelled_ = true;
  return !cancelled_;
}

std::uint64_t CheckReport::count() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::vector<std::string> CheckReport::sentences() const {
  std::vector<std::string> sentences;
  for (const Finding& finding : findings_) sentences.push_back(finding.sentence());
  return sentences;
}

CheckReport::Advice CheckReport::advice(Trouble trouble) const {
  const bool replica = side_ == Side::replica;
  switch (trouble) {
    case Trouble::damage:
      return {
          "Bytes are not what was written: by a failing disk or memory, or by another program.",
          replica
              ? "Check the disk. Then `coppice sync --anew` fetches every record from the server "
                "again; work of yours that it has not got yet is kept."
              : "Keep a copy of the folder, check the disk, and restore the last good backup."};
    case Trouble::contradiction:
      return {
          "Records or tables do not fit together. Coppice never writes that: it is a fault of "
          "this program, or damage that happens to look whole.",
          replica ? "Keep a copy of the folder and report it. `coppice sync --anew` brings the "
                    "replica back in order."
                  : "Keep a copy of the folder and report it. Serving goes on; what is named here "
                    "may be refused."};
    case Trouble::derived:
      return {
          "No record is affected: what was made of the records for finding them is wrong.",
          replica
              ? "Send what is not sent yet (`coppice sync`), and sync a new replica into another "
                "folder. Keep this one and report it."
              : "Keep a copy of the folder and report it."};
    case Trouble::difference:
      return {"The replica shows something else than the server has.",
              "`coppice sync --anew` fetches every record again; work of yours that the server has "
              "not got yet is kept. Report it: this should not happen."};
  }
  return {};
}

std::string CheckReport::for_people() const {
  std::string text;
  for (const Trouble trouble : kAll) {
    if (count(trouble) == 0) continue;
    std::size_t shown = 0;
    for (const Finding& finding : findings_) {
      if (finding.trouble == trouble && shown++ < kShownMax) text += finding.sentence() + "\n";
    }
    if (count(trouble) > kShownMax) {
      text += "... and " + std::to_string(count(trouble) - kShownMax) + " more of this kind.\n";
    }
    text += "  What it means: " + std::string(advice(trouble).means) + "\n";
    text += "  What to do: " + std::string(advice(trouble).remedy) + "\n";
  }
  for (const std::string& what : left_out_) text += "Not looked at: " + what + "\n";
  return text;
}

}  // namespace coppice
