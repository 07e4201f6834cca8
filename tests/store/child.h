#pragma once

#include <sys/types.h>

#include <array>
#include <functional>
#include <string>

namespace coppice::store {

// One end of a line between a test and its child: each says when the other may go on.
class Line {
 public:
  Line(int read, int write) : read_(read), write_(write) {}
  void tell();
  // False: the other end is gone.
  bool await();

 private:
  int read_;
  int write_;
};

// A copy of this process that runs `work` and ends with code 0; with 1 if `work` returns false or
// throws, and prints why. The kernel kills it if the test dies, and so does the destructor.
//
// REQUIRES: no environment that `work` opens is open here, and no other thread runs.
class Child {
 public:
  explicit Child(const std::function<bool(Line&)>& work);
  ~Child();
  Child(const Child&) = delete;

  Line& line() { return line_; }
  void kill();
  // Its exit code once it has ended; minus the signal if one ended it.
  int wait();

 private:
  pid_t pid_ = -1;
  std::array<int, 4> pipes_{};
  Line line_;
};

}  // namespace coppice::store
