#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <coppice/client.h>

#include "examples/ldraw/importer.h"
#include "examples/ldraw/library.h"
#include "examples/ldraw/report.h"
#include "examples/ldraw/server_process.h"

namespace ldraw {

// The story cannot go on, or found that something does not hold. The message is a full sentence.
class StoryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// Ends the story with this sentence unless the condition holds.
inline void require(bool holds, const std::string& sentence) {
  if (!holds) throw StoryError(sentence);
}

// What the steps of the story share: the server, the data, and two replicas. Each step finds what
// the steps before it left.
//
// Threads: the main one.
struct Stage {
  // Given at the start.
  std::filesystem::path folder;
  Library library;
  std::size_t releases_max = 0;
  ServerProcess& server;
  Report report;

  // "workstation" creates and edits; "bench" looks on, and then borrows. Made by steps 2 and 3.
  std::optional<coppice::Client> workstation = std::nullopt;
  std::optional<coppice::Client> bench = std::nullopt;
  ImportedKeys keys = {};
  // The content of every revision when it was released.
  std::map<coppice::AnyKey, coppice::ContentHash> released = {};
};

// A replica in a folder of its own under the stage's, with the indexers of the story. Not
// connected.
coppice::Client open_replica(const Stage& stage, const std::string& name);
std::vector<coppice::TreeId> all_trees();

// Looks again and again until it is so. StoryError if nothing happens for so long that nothing
// will, or the server has ended.
void wait_until(Stage& stage, const std::string& what, const std::function<bool()>& is_so);
// Why a client is not where it should be: its connection and the reason.
std::string explain(const coppice::Client& client);

// Waits for an answer, and returns it, refusal or not.
template <typename T>
coppice::Result<T> answer_of(Stage& stage, const std::string& what,
                             const coppice::Pending<T>& pending) {
  std::optional<coppice::Result<T>> result;
  wait_until(stage, what, [&] { return (result = pending.result()).has_value(); });
  return std::move(*result);
}

// Waits for an answer that must not be a refusal.
template <typename T>
T granted(Stage& stage, const std::string& what, const coppice::Pending<T>& pending) {
  auto result = answer_of(stage, what, pending);
  if (!result) throw StoryError("Refused: " + what + ". " + result.error().message);
  return std::move(*result);
}

// Connects, and returns once everything the server has is there.
void connect(Stage& stage, coppice::Client& client);
// Returns once this replica stands at this sequence, or later.
void wait_for_sequence(Stage& stage, const coppice::Client& client, std::uint64_t sequence);
// What replicas are equal in when nobody works: StoryError with the first differences if they are
// not.
std::uint64_t require_equal(
    const std::vector<std::pair<std::string, const coppice::Client*>>& replicas);

// The seven steps, in order.
void start_server(Stage& stage);
void create_and_upload(Stage& stage);
void sync_second_replica(Stage& stage);
void run_release_train(Stage& stage);
void borrow_and_wait_in_line(Stage& stage);
void kill_server_during_upload(Stage& stage);
void ask_the_replica(Stage& stage);

}  // namespace ldraw
