#include "wire/url.h"

#include <stdexcept>
#include <string>

#include "tests/support/catch.h"

using coppice::wire::is_database_name;
using coppice::wire::parse_url;
using coppice::wire::Url;

namespace {

std::string error_of(const std::string& text) {
  const auto url = parse_url(text);
  return url ? "no error" : url.error().sentence;
}

}  // namespace

TEST_CASE("an address names host, port and database", "[wire]") {
  CHECK(*parse_url("ws://shop.local:80/parts") == Url{"ws", "shop.local", 80, "parts"});
  CHECK(*parse_url("ws://10.0.0.7:65535/a.b-c_9") == Url{"ws", "10.0.0.7", 65535, "a.b-c_9"});
}

TEST_CASE("an address without a port means 7400", "[wire]") {
  CHECK(*parse_url("ws://localhost/shop") == Url{"ws", "localhost", 7400, "shop"});
  CHECK(*parse_url("ws://[::1]/shop") == Url{"ws", "::1", 7400, "shop"});
}

TEST_CASE("an IPv6 address stands in brackets", "[wire]") {
  CHECK(*parse_url("ws://[::1]:7401/shop") == Url{"ws", "::1", 7401, "shop"});
  CHECK(*parse_url("ws://[fe80::1%eth0]:1/shop") == Url{"ws", "fe80::1%eth0", 1, "shop"});
}

TEST_CASE("an address printed and parsed is the same", "[wire]") {
  for (const char* text : {"ws://shop.local:80/parts", "ws://[::1]:7400/shop"}) {
    CHECK(to_string(*parse_url(text)) == text);
  }
}

TEST_CASE("a malformed address is refused with a sentence that says what is wrong", "[wire]") {
  CHECK(error_of("http://a/b") ==
        "The address 'http://a/b' does not start with ws://. Write it as ws://host:7400/database.");
  const auto says = [](const std::string& text, const std::string& part) {
    INFO(text);
    CHECK_THAT(error_of(text), Catch::Matchers::ContainsSubstring(part));
  };
  for (const char* text : {"", "ws:", "ws:/a/b", "shop.local", "WS//a/b"}) {
    says(text, "does not start with ws://");
  }
  for (const char* text : {"ws://", "ws:///shop", "ws://:7400/shop", "ws://[]/shop"}) {
    says(text, "names no host");
  }
  for (const char* text : {"ws://a b/shop", "ws://[::1/shop", "ws://[::1]7400/shop",
                           "ws://[abc]/shop", "ws://me@host/shop", "ws://h\xc3\xbc/shop"}) {
    says(text, "has a host that cannot be read");
  }
  for (const char* text : {"ws://h:/shop", "ws://h:0/shop", "ws://h:65536/shop", "ws://h:-1/shop",
                           "ws://h:80x/shop", "ws://::1/shop"}) {
    INFO(text);
    CHECK_FALSE(parse_url(text).has_value());
  }
  says("ws://h:65536/shop", "has a port that is not a number from 1 to 65535");
  for (const char* text : {"ws://h", "ws://h/", "ws://h:7400", "ws://h:7400/"}) {
    says(text, "names no database");
  }
  for (const char* text : {"ws://h/a/b", "ws://h/..", "ws://h/a?token=1", "ws://h/a%20b"}) {
    says(text, "has a database name that is not");
  }
}

TEST_CASE("an address that asks for TLS is refused, not silently unencrypted", "[wire]") {
  CHECK_THAT(error_of("wss://shop.local/parts"),
             Catch::Matchers::ContainsSubstring("asks for TLS, which is not built yet"));
}

TEST_CASE("the sentence about a malformed address is thrown by value()", "[wire]") {
  CHECK_THROWS_AS(parse_url("nonsense").value(), std::invalid_argument);
}

TEST_CASE("a database name is safe in a path", "[wire]") {
  CHECK(is_database_name("shop"));
  CHECK(is_database_name(std::string(64, 'a')));
  for (const char* name : {"", ".", "..", ".hidden", "a/b", "a\\b", "a b", "\xc3\xbc"}) {
    INFO(name);
    CHECK_FALSE(is_database_name(name));
  }
  CHECK_FALSE(is_database_name(std::string(65, 'a')));
  CHECK_FALSE(is_database_name(std::string("a\0b", 3)));
}
