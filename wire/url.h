#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/limits.h"

namespace coppice::wire {

// Where a database is served: ws://host:port/database. A value; made by parse_url, or by hand in
// code that knows what it writes.
struct Url {
  std::string scheme = "ws";
  std::string host;  // a name or an address; an IPv6 address without its brackets
  std::uint16_t port = kPortDefault;
  std::string database;
  bool operator==(const Url&) const = default;
};

// Why a text is not a Url we can use: one sentence for people, which repeats the text.
struct UrlError {
  std::string sentence;
};

// Accepts ws://host/database and ws://host:port/database, host also as [IPv6 address]. wss:// is
// refused until TLS is built, so that nobody believes to be encrypted.
[[nodiscard]] boost::system::result<Url, UrlError> parse_url(std::string_view text);

std::string to_string(const Url& url);

// "host:port", "[host]:port" for an IPv6 address.
std::string authority_of(const Url& url);

// 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot. So a name is safe in a path and in a URL.
bool is_database_name(std::string_view name);

// Lets result::value() throw std::invalid_argument with the sentence.
[[noreturn]] void throw_exception_from_error(const UrlError& error,
                                             const boost::source_location& where);

}  // namespace coppice::wire
