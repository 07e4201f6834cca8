#include "tests/fuzz/targets.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace coppice::fuzz {
namespace {

constexpr std::array<Target, 8> kTargets{{
    {"record", "a stored value: header and body, as a peer sends it", run_record, record_seeds},
    {"schema", "a tree's schema, as a program or a server brings it", run_schema, schema_seeds},
    {"key", "a key as people write it", run_key, key_seeds},
    {"json", "a body as people write it", run_json, json_seeds},
    {"query", "a query as people write it", run_query, query_seeds},
    {"to_server", "a message to a server, before and after the welcome", run_to_server,
     to_server_seeds},
    {"to_client", "messages to a client that is live", run_to_client, to_client_seeds},
    {"socket", "bytes to the port of a server", run_socket, socket_seeds},
}};

}  // namespace

std::span<const Target> targets() { return kTargets; }

const Target* find_target(std::string_view name) {
  const auto found = std::ranges::find(kTargets, name, &Target::name);
  return found == kTargets.end() ? nullptr : &*found;
}

void fail(const std::string& what) {
  std::fprintf(stderr, "fuzz: %s\n", what.c_str());
  std::abort();
}

std::vector<std::uint64_t> words_of(Input input) {
  std::vector<std::uint64_t> words(input.size() / sizeof(std::uint64_t));
  if (!words.empty()) std::memcpy(words.data(), input.data(), 8 * words.size());
  return words;
}

std::string_view text_of(Input input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

std::string seed_of(std::span<const std::uint64_t> words) {
  return {reinterpret_cast<const char*>(words.data()), 8 * words.size()};
}

}  // namespace coppice::fuzz
