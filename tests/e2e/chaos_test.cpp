// A server and three clients that work, each a process, killed at random moments.

#include <signal.h>

#include <map>
#include <random>
#include <sstream>

#include "test_places.h"
#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

constexpr int kWorkers = 3;
constexpr int kKills = 24;

class Worker {
 public:
  Worker(Site& site, std::string name) : site_(site), name_(std::move(name)) {}

  void start(std::uint64_t seed) {
    process_ = std::make_unique<Process>(
        std::vector<std::string>{COPPICE_WORKER_PROGRAM, site_.replica(name_).string(),
                                 site_.server.url(), name_, std::to_string(seed)});
    REQUIRE(process_->wait_for_text("ready"));
  }
  void end(int signal) {
    process_->send_signal(signal);
    const auto end = process_->wait();
    INFO(process_->errors());
    REQUIRE(end == (signal == SIGKILL ? ProcessEnd{.code = 0, .signal = SIGKILL} : kOrderly));
    keep(process_->output());
    process_.reset();
  }
  // Lines it has said in this life.
  std::size_t lines() const {
    const std::string output = process_->output();
    return static_cast<std::size_t>(std::ranges::count(output, '\n'));
  }
  void require_alive() {
    const bool ended = process_->wait(std::chrono::milliseconds(0)).has_value();
    INFO(process_->errors());
    REQUIRE_FALSE(ended);
  }

  const std::string& name() const { return name_; }
  // What the server has accepted of it, by line: how often it said so, over all its lives.
  const std::map<std::string, std::uint64_t>& accepted() const { return accepted_; }

 private:
  // A line that it could not finish does not count.
  void keep(std::string output) {
    output.resize(output.rfind('\n') + 1);
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
      if (line != "ready") ++accepted_[line];
    }
  }

  Site& site_;
  const std::string name_;
  std::unique_ptr<Process> process_;
  std::map<std::string, std::uint64_t> accepted_;
};

// Every part that was said to be made is there; every check-in raised the price by one, those that
// were said to be accepted among them, and none was applied twice.
void check_accepted(const Client& client, const std::vector<std::unique_ptr<Worker>>& workers) {
  std::map<std::string, std::uint64_t> raised;
  std::uint64_t made = 0;
  const Snapshot now = client.snapshot();
  for (const auto& worker : workers) {
    for (const auto& [line, times] : worker->accepted()) {
      const std::string key = line.substr(line.find(' ') + 1);
      const auto parsed = client.parse_key(key);
      REQUIRE(parsed);
      INFO(line);
      CHECK(now.get(Key<shop::Part>(parsed->word)).has_value());
      if (line.starts_with("raised")) raised[key] += times;
      made += line.starts_with("made") ? 1 : 0;
    }
  }
  CHECK(made > 0);
  CHECK_FALSE(raised.empty());
  for (const auto part : now.tree<shop::Part>()) {
    const auto key = client.format(part.key());
    INFO(key);
    CHECK(part->getPrice() + 1 == part.header().iteration);
    CHECK(static_cast<std::uint64_t>(part->getPrice()) >= raised[key]);
  }
}

TEST_CASE("F1 F2 F3: whoever is killed, and whenever, nothing accepted is lost or done twice",
          "[e2e]") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  Site site;
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.push_back(std::make_unique<Worker>(site, "worker" + std::to_string(i)));
    workers.back()->start(random());
  }
  for (int kill = 0; kill < kKills; ++kill) {
    // A moment that the work chooses, and no clock: some lines from now.
    Worker& watched = *workers[random() % kWorkers];
    const std::size_t lines = watched.lines() + 1 + random() % 12;
    until(watched.name() + " to get on", [&] {
      for (const auto& worker : workers) worker->require_alive();
      return watched.lines() >= lines;
    });
    if (random() % 2 == 0) {
      site.server.kill();
      site.server.start();
    } else {
      Worker& victim = *workers[random() % kWorkers];
      victim.end(SIGKILL);
      victim.start(random());
    }
  }
  for (const auto& worker : workers) worker->end(SIGTERM);

  std::vector<Client> clients;
  for (const auto& worker : workers) clients.push_back(site.live_client(worker->name(), 0));
  for (Client& client : clients) settle(client);
  clients.push_back(site.live_client("witness", 0));
  const auto head = clients.back().status().head;
  for (Client& client : clients) {
    until("everybody to have everything", [&] { return client.status().cursor >= head; });
    CHECK(client.conflicts().empty());
    CHECK(client.check_invariants() == std::vector<std::string>{});
    CHECK(difference(contents(client), contents(clients.back())) == "");
  }
  check_accepted(clients.back(), workers);
  clients.clear();
  site.stop_and_check();
}

}  // namespace
}  // namespace coppice::test
