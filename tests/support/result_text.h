#pragma once

#include <string>

#include "coppice/error.h"
#include "tests/support/catch.h"

// A failed REQUIRE(result) prints why it was refused.
template <typename T>
struct Catch::StringMaker<boost::system::result<T, coppice::Error>> {
  static std::string convert(const boost::system::result<T, coppice::Error>& result) {
    if (result) return "{accepted}";
    return std::string("{") + coppice::to_string(result.error().code) + ": " +
           result.error().message + "}";
  }
};
