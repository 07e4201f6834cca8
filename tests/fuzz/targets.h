#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What is thrown at everything that reads bytes from outside. A target takes any bytes; it fails by
// dying: by a crash, a sanitizer's report, or fail() where something that must hold does not.
//
// libFuzzer calls them by the million (`./dev fuzz`, fuzz_main.cpp); the test suite calls them with
// what is in corpus/ and with seeds() (corpus_test.cpp), so that what was found once stays fixed.
namespace coppice::fuzz {

using Input = std::span<const std::byte>;

struct Target {
  std::string_view name;
  // What it reads, for people.
  std::string_view about;
  void (*run)(Input input);
  // Good inputs to begin with.
  std::vector<std::string> (*seeds)();
};

// All of them.
std::span<const Target> targets();
// Null: there is none of this name.
const Target* find_target(std::string_view name);

// Says what does not hold, and ends the process.
[[noreturn]] void fail(const std::string& what);

// The input as words, which is how Cap'n Proto wants it. What is no whole word is cut off.
std::vector<std::uint64_t> words_of(Input input);
std::string_view text_of(Input input);
std::string seed_of(std::span<const std::uint64_t> words);

// By what they read; each in a file of its own.
void run_record(Input input);
std::vector<std::string> record_seeds();
void run_schema(Input input);
std::vector<std::string> schema_seeds();
void run_key(Input input);
std::vector<std::string> key_seeds();
void run_json(Input input);
std::vector<std::string> json_seeds();
void run_query(Input input);
std::vector<std::string> query_seeds();
void run_to_server(Input input);
std::vector<std::string> to_server_seeds();
void run_to_client(Input input);
std::vector<std::string> to_client_seeds();
void run_socket(Input input);
std::vector<std::string> socket_seeds();

}  // namespace coppice::fuzz
