#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ldraw {

// Measures from its making on.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// 612345 as "612,345".
std::string with_commas(std::uint64_t number);
// As people say it, with a unit that fits: "9.8 s", "31 ms", "7 us".
std::string duration(double seconds);
// "62,000/s".
std::string rate(std::uint64_t count, double seconds);
// "1 part", "2 parts".
std::string counted(std::uint64_t count, const std::string& noun);

// The story as it is printed: numbered steps with lines below them, each visible at once.
class Report {
 public:
  void step(int number, const std::string& title);
  // Wrapped at the width of a page; later lines are indented.
  void line(const std::string& text);
  void blank();
};

}  // namespace ldraw
