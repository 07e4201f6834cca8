#include "tests/e2e/site.h"
#include "test_places.h"

#include <signal.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <thread>
#include <utility>

namespace coppice::test {
namespace {

constexpr auto kPause = std::chrono::milliseconds(2);
constexpr std::string_view kListening = "listening on ws://127.0.0.1:";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::vector<std::string> command(const char* program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program);
  return arguments;
}

Client::Options shop_options(const std::string& name) {
  Client::Options options;
  options.name = name;
  options.user = name;
  options.trees = shop_trees();
  return options;
}

}  // namespace

void until(const std::string& what, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("waited in vain for " << what);
    std::this_thread::sleep_for(kPause);
  }
}

void ServerProcess::start() {
  process_ = std::make_unique<Process>(
      command(COPPICE_SERVER_PROGRAM, {"--data", data_.string(), "--name", "shop", "--listen",
                                       "127.0.0.1:" + std::to_string(port_)}));
  if (!process_->wait_for_text(kListening) || !process_->wait_for_text("/shop")) {
    throw std::runtime_error("the server does not listen: " + process_->output() +
                             process_->errors());
  }
  const std::string said = process_->output() + process_->errors();
  const std::size_t digits = said.find(kListening) + kListening.size();
  port_ = static_cast<std::uint16_t>(std::stoi(said.substr(digits)));
}

void ServerProcess::kill() {
  process_->send_signal(SIGKILL);
  REQUIRE(process_->wait() == ProcessEnd{.code = 0, .signal = SIGKILL});
}

ProcessEnd ServerProcess::stop() {
  process_->send_signal(SIGTERM);
  const auto end = process_->wait();
  INFO(process_->output() << process_->errors());
  REQUIRE(end);
  return *end;
}

Ran ServerProcess::check() const { return run_server({"--data", data_.string(), "--check"}); }

std::string ServerProcess::url(const std::string& database) const {
  return "ws://127.0.0.1:" + std::to_string(port_) + "/" + database;
}

Client Site::client(const std::string& name) const {
  return Client::open(replica(name), shop_options(name));
}

Client Site::live_client(const std::string& name, std::uint64_t ids) const {
  Client client = this->client(name);
  REQUIRE(client.connect(server.url()));
  until(name + " to be live", [&] { return is_live(client); });
  if (ids > 0) {
    while (client.ids_left(TreeOf<shop::Part>::id) < ids) {
      REQUIRE(answer(client.lease<shop::Part>(ids)));
    }
    while (client.ids_left(TreeOf<shop::Company>::id) < ids) {
      REQUIRE(answer(client.lease<shop::Company>(ids)));
    }
  }
  return client;
}

Ran Site::coppice(const std::string& name, std::vector<std::string> arguments,
                  std::string_view input) const {
  arguments.insert(arguments.begin(), {"-C", replica(name).string()});
  return run_command(std::move(arguments), input);
}

void Site::stop_and_check() {
  CHECK(server.stop() == kOrderly);
  const Ran checked = server.check();
  INFO(checked.output << checked.errors);
  CHECK(checked.end == kOrderly);
}

std::vector<TreeDefinition> shop_trees() {
  return trees<shop::Part, shop::Company, shop::Movement>();
}

Ran run_command(std::vector<std::string> arguments, std::string_view input) {
  return run_to_end(command(COPPICE_COMMAND_PROGRAM, std::move(arguments)), input);
}

Ran run_server(std::vector<std::string> arguments) {
  return run_to_end(command(COPPICE_SERVER_PROGRAM, std::move(arguments)));
}

bool is_live(const Client& client) { return client.status().connection == Connection::live; }

void settle(Client& client) {
  until("everything to be sent and received", [&] {
    const Status status = client.status();
    return status.connection == Connection::live && status.outbox == 0;
  });
}

std::vector<Key<shop::Part>> create_parts(Transaction& transaction, const std::string& prefix,
                                          int count) {
  std::vector<Key<shop::Part>> keys;
  for (int i = 0; i < count; ++i) {
    keys.push_back(transaction.create<shop::Part>(
        [&](shop::Part::Builder part) { part.setNumber(prefix + std::to_string(i)); }));
  }
  return keys;
}

Key<shop::Part> write_part(Client& client, const std::string& number) {
  const auto key = client.write([&](Transaction& t) {
    return t.create<shop::Part>([&](shop::Part::Builder part) { part.setNumber(number); });
  });
  REQUIRE(key);
  return *key;
}

Contents contents(const Client& client) {
  const Snapshot now = client.snapshot();
  Contents all;
  for (const TreeDefinition& tree : shop_trees()) {
    AnyIterator walk = now.walk(tree.id);
    while (const auto record = walk.next()) {
      const auto value = record->view.value();
      all[record->key].assign(value.begin(), value.end());
    }
  }
  return all;
}

Contents contents_of(const std::filesystem::path& replica) {
  Client::Options options;
  options.access = Client::Access::read_only;
  const Client client = Client::open(replica, std::move(options));
  CHECK(client.check_invariants() == std::vector<std::string>{});
  return contents(client);
}

std::string difference(const Contents& a, const Contents& b) {
  constexpr std::size_t kShown = 500;
  std::string text;
  for (const auto& [key, value] : a) {
    const auto other = b.find(key);
    if (other == b.end()) {
      text += to_string(key.word) + " is missing; ";
    } else if (other->second != value) {
      text += to_string(key.word) + " differs; ";
    }
  }
  for (const auto& [key, value] : b) {
    if (!a.contains(key)) text += to_string(key.word) + " is too much; ";
  }
  return text.substr(0, kShown);
}

void check_refused(const Ran& ran, int code, const std::vector<std::string>& words) {
  INFO("printed: " << ran.output << ran.errors);
  CHECK(ran.end == ProcessEnd{.code = code, .signal = 0});
  const std::string said = lower(ran.errors);
  for (const std::string& word : words) {
    INFO("word: " << word);
    CHECK(said.find(lower(word)) != std::string::npos);
  }
  // Nothing that only a developer understands.
  for (const char* raw : {"terminate called", "what():", "exception", "stack:", ".c++:", ".cpp:"}) {
    CHECK(said.find(raw) == std::string::npos);
  }
}

}  // namespace coppice::test
