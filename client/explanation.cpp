#include "coppice/explanation.h"

#include <algorithm>

namespace coppice {
namespace {

void append(const Explanation& explanation, std::size_t depth, std::string& text) {
  text += std::string(2 * depth, ' ') + explanation.what;
  if (explanation.count) text += ": " + std::to_string(*explanation.count);
  text += '\n';
  for (const Explanation& below : explanation.below) append(below, depth + 1, text);
}

}  // namespace

std::string Explanation::text() const {
  std::string text;
  append(*this, 0, text);
  return text;
}

bool Explanation::has(Step wanted) const {
  return step == wanted || std::any_of(below.begin(), below.end(),
                                       [&](const Explanation& one) { return one.has(wanted); });
}

}  // namespace coppice
