// A client that works on line, as one of several: makes parts, borrows parts of anybody, raises
// their price by one and hands them in, until it is killed or told to end. What the server has
// accepted it prints, one line each: "made parts:1.1" or "raised parts:1.1".
//
//   worker REPLICA URL NAME SEED

#include <signal.h>

#include <atomic>
#include <cstdio>
#include <list>
#include <optional>
#include <random>

#include "coppice/client.h"
#include "shop.capnp.h"
#include "shop.coppice.h"

namespace {

using coppice::Key;
using shop::Part;

constexpr std::size_t kUnderWayMax = 8;

std::atomic<bool> told_to_end = false;

// What was asked for, and what is to be said when it was accepted.
struct UnderWay {
  coppice::Pending<coppice::Accepted> verdict;
  std::string words;
};

class Worker {
 public:
  Worker(char** arguments)
      : name_(arguments[3]), random_(std::stoul(arguments[4])), client_(open(arguments[1])) {
    client_.connect(arguments[2]).value();
  }

  void run() {
    while (!told_to_end) {
      client_.wait_for_events(std::chrono::milliseconds(5));
      client_.poll();
      tell_accepted();
      raise_borrowed();
      if (under_way_.size() >= kUnderWayMax) continue;
      random_() % 2 == 0 ? make() : borrow();
    }
  }

 private:
  coppice::Client open(const char* folder) const {
    coppice::Client::Options options;
    options.name = name_;
    options.user = name_;
    options.trees = coppice::trees<Part, shop::Company, shop::Movement>();
    return coppice::Client::open(folder, std::move(options));
  }

  void make() {
    if (client_.ids_left(coppice::TreeOf<Part>::id) == 0) return;
    Key<Part> key;
    auto verdict = client_.submit([&](coppice::Transaction& t) {
      key = t.create<Part>([&](Part::Builder part) { part.setNumber(name_); });
    });
    under_way_.push_back({std::move(verdict), "made " + client_.format(key)});
  }

  void borrow() {
    if (wish_) {
      if (!wish_->result()) return;
      wish_.reset();
    }
    const auto now = client_.snapshot();
    const auto parts = now.tree<Part>();
    std::uint64_t place = random_() % 50;
    for (const auto part : parts) {
      if (place-- != 0) continue;
      wish_ = client_.check_out(part.key(), {.reason = "its price"});
      return;
    }
  }

  // What we hold, from before a crash too.
  void raise_borrowed() {
    for (const auto& record : client_.borrowed()) {
      const auto head = client_.snapshot().head(record);
      if (!head) continue;
      const Key<Part> key(head->key.word);
      auto verdict = client_.submit([&](coppice::Transaction& t) {
        auto part = t.edit(key);
        part.setPrice(part.getPrice() + 1);
        t.check_in(key, name_);
      });
      under_way_.push_back({std::move(verdict), "raised " + client_.format(key)});
    }
  }

  void tell_accepted() {
    for (auto one = under_way_.begin(); one != under_way_.end();) {
      const auto result = one->verdict.result();
      if (result && *result) std::printf("%s\n", one->words.c_str());
      one = result ? under_way_.erase(one) : std::next(one);
    }
    std::fflush(stdout);
  }

  const std::string name_;
  std::mt19937_64 random_;
  coppice::Client client_;
  std::list<UnderWay> under_way_;
  std::optional<coppice::Pending<coppice::Borrow>> wish_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  ::signal(SIGTERM, [](int) { told_to_end = true; });
  std::printf("ready\n");
  std::fflush(stdout);
  try {
    Worker(arguments).run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
