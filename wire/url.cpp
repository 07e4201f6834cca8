#include "wire/url.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace coppice::wire {
namespace {

constexpr std::size_t kDatabaseNameBytesMax = 64;
// RFC 1035: no host name is longer.
constexpr std::size_t kHostBytesMax = 253;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= kHostBytesMax && std::ranges::all_of(host, [](char c) {
    return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
  });
}

// Only the characters are checked; whether it is an address is found out when connecting. '%'
// starts a zone, as in fe80::1%eth0.
bool is_ipv6_text(std::string_view host) {
  return host.find(':') != host.npos && host.size() <= kHostBytesMax &&
         std::ranges::all_of(
             host, [](char c) { return is_alphanumeric(c) || c == ':' || c == '.' || c == '%'; });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

UrlError malformed(std::string_view text, std::string_view what) {
  return {"The address '" + std::string(text) + "' " + std::string(what) +
          ". Write it as ws://host:" + std::to_string(kPortDefault) + "/database."};
}

// An authority split at its port; no text is left out.
struct HostAndPort {
  std::string_view host;
  std::optional<std::string_view> port;  // without the colon
  bool bracketed = false;
};

// nullopt: an opening bracket that is not closed, or something other than a port after the bracket.
std::optional<HostAndPort> split_authority(std::string_view authority) {
  HostAndPort parts;
  std::string_view rest;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == authority.npos) return std::nullopt;
    parts.host = authority.substr(1, close - 1);
    parts.bracketed = true;
    rest = authority.substr(close + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    parts.host = authority.substr(0, colon);
    rest = authority.substr(colon);
  }
  if (rest.empty()) return parts;
  if (!rest.starts_with(':')) return std::nullopt;
  parts.port = rest.substr(1);
  return parts;
}

}  // namespace

bool is_database_name(std::string_view name) {
  return !name.empty() && name.size() <= kDatabaseNameBytesMax && !name.starts_with('.') &&
         std::ranges::all_of(
             name, [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

boost::system::result<Url, UrlError> parse_url(std::string_view text) {
  if (text.starts_with("wss://")) {
    return UrlError{
        "The address '" + std::string(text) +
        "' asks for TLS, which is not built yet. Use ws:// inside a network you trust, or "
        "through a tunnel."};
  }
  constexpr std::string_view kPrefix = "ws://";
  if (!text.starts_with(kPrefix)) return malformed(text, "does not start with ws://");

  const std::string_view rest = text.substr(kPrefix.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const auto parts = split_authority(rest.substr(0, slash));
  if (!parts) return malformed(text, "has a host that cannot be read");
  if (parts->host.empty()) return malformed(text, "names no host");
  if (parts->bracketed ? !is_ipv6_text(parts->host) : !is_host_name(parts->host)) {
    return malformed(text, "has a host that cannot be read");
  }

  Url url;
  url.host = parts->host;
  if (parts->port) {
    const auto port = parse_port(*parts->port);
    if (!port) return malformed(text, "has a port that is not a number from 1 to 65535");
    url.port = *port;
  }

  const std::string_view database = slash < rest.size() ? rest.substr(slash + 1) : "";
  if (database.empty()) return malformed(text, "names no database");
  if (!is_database_name(database)) {
    return malformed(text,
                     "has a database name that is not 1 to 64 letters, digits, dots, dashes and "
                     "underscores");
  }
  url.database = database;
  return url;
}

std::string authority_of(const Url& url) {
  const bool bracketed = url.host.find(':') != url.host.npos;
  return (bracketed ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

std::string to_string(const Url& url) {
  return url.scheme + "://" + authority_of(url) + "/" + url.database;
}

void throw_exception_from_error(const UrlError& error, const boost::source_location&) {
  throw std::invalid_argument(error.sentence);
}

}  // namespace coppice::wire
