#include "examples/ldraw/report.h"

#include <cmath>
#include <cstdio>
#include <iostream>

namespace ldraw {
namespace {

constexpr std::size_t kWidthMax = 110;
// Rates are rounded to this many digits: more would pretend that they are exact.
constexpr double kRateDigits = 3;

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace

std::string with_commas(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string duration(double seconds) {
  if (seconds >= 10) return fixed(seconds, 1) + " s";
  if (seconds >= 1) return fixed(seconds, 2) + " s";
  if (seconds >= 0.01) return fixed(seconds * 1e3, 0) + " ms";
  if (seconds >= 0.001) return fixed(seconds * 1e3, 1) + " ms";
  return fixed(seconds * 1e6, 0) + " us";
}

std::string rate(std::uint64_t count, double seconds) {
  if (count == 0 || seconds <= 0) return "0/s";
  const double exact = static_cast<double>(count) / seconds;
  const double unit = std::pow(10, std::floor(std::log10(exact)) + 1 - kRateDigits);
  const double rounded = unit <= 1 ? std::round(exact) : std::round(exact / unit) * unit;
  return with_commas(static_cast<std::uint64_t>(rounded)) + "/s";
}

std::string counted(std::uint64_t count, const std::string& noun) {
  return with_commas(count) + " " + noun + (count == 1 ? "" : "s");
}

void Report::step(int number, const std::string& title) {
  std::cout << "\n[" << number << "] " << title << std::endl;
}

void Report::line(const std::string& text) {
  std::string indent = "    ";
  std::string_view rest = text;
  while (indent.size() + rest.size() > kWidthMax) {
    const auto space = rest.rfind(' ', kWidthMax - indent.size());
    if (space == std::string_view::npos || space == 0) break;
    std::cout << indent << rest.substr(0, space) << "\n";
    rest.remove_prefix(space + 1);
    indent = "      ";
  }
  std::cout << indent << rest << std::endl;
}

void Report::blank() { std::cout << std::endl; }

}  // namespace ldraw
