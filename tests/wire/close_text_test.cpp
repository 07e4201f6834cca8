#include "wire/close_text.h"

#include <string>

#include "tests/support/catch.h"

using coppice::wire::close_text;

TEST_CASE("a close text that fits stays as it is", "[wire]") {
  CHECK(close_text("") == "");
  CHECK(close_text("The account is locked.") == "The account is locked.");
  CHECK(close_text("für Łódź: 🌳") == "für Łódź: 🌳");
  CHECK(close_text(std::string(123, 'x')) == std::string(123, 'x'));
}

TEST_CASE("a close text that is too long is cut between two characters", "[wire]") {
  CHECK(close_text(std::string(124, 'x')) == std::string(123, 'x'));
  CHECK(close_text(std::string(122, 'x') + "ü") == std::string(122, 'x'));
  CHECK(close_text(std::string(121, 'x') + "ü") == std::string(121, 'x') + "ü");
  CHECK(close_text(std::string(120, 'x') + "🌳") == std::string(120, 'x'));
}

TEST_CASE("a close text is always valid UTF-8", "[wire]") {
  CHECK(close_text("a\xff"
                   "b") == "a?b");
  CHECK(close_text("\x80") == "?");                 // a continuation without a start
  CHECK(close_text("\xc3") == "?");                 // a start without its continuation
  CHECK(close_text("\xc0\x80") == "??");            // overlong
  CHECK(close_text("\xe0\x80\x80") == "???");       // overlong
  CHECK(close_text("\xed\xa0\x80") == "???");       // a surrogate
  CHECK(close_text("\xf4\x90\x80\x80") == "????");  // beyond U+10FFFF
  CHECK(close_text("\xf4\x8f\xbf\xbf") == "\xf4\x8f\xbf\xbf");
}
