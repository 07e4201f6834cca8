// Many writers on line, each of which waits for one answer before it asks for the next: how much
// the group commit shares; and what a borrow and its return take beside the wait for the disk.

#include <algorithm>
#include <random>

#include <capnp/message.h>
#include <capnp/serialize.h>

#include "bench/peers.h"
#include "bench/raw_lmdb.h"
#include "bench/site.h"

namespace coppice::bench {
namespace {

constexpr std::size_t kWriters = 256;
constexpr std::uint64_t kItems = 100'000;
// Of the items, those that one writer edits.
constexpr std::uint64_t kEditedByOne = 100;
constexpr std::uint64_t kSet = 1'000;
constexpr std::uint64_t kTree = TreeOf<Item>::id.value;

std::vector<std::uint64_t> body_of(std::uint64_t serial) {
  capnp::MallocMessageBuilder message;
  fill(message.initRoot<Item>(), serial);
  const auto words = capnp::canonicalize(message.getRoot<Item>().asReader());
  const auto* first = reinterpret_cast<const std::uint64_t*>(words.begin());
  return {first, first + words.size()};
}

// One that asks, and waits for the answer.
struct Writer {
  std::uint64_t operation = 0;
  bool answered = true;
  std::uint64_t next_id = 0;
  // What it holds: key, token, iteration.
  struct Held {
    std::uint64_t key = 0;
    std::uint64_t token = 0;
    std::uint32_t iteration = 1;
  };
  std::vector<Held> held;
};

class Writers {
 public:
  Writers(const std::string& url, std::size_t count)
      : writers_(count), peers_(url, "bench", [this](std::size_t peer, auto message) {
          if (message.isAnswers()) hear(peer, message);
        }) {
    peers_.open(count);
  }

  using Fill = std::function<void(protocol::Request::Builder)>;
  void ask(std::size_t peer, const Fill& fill_request) {
    Writer& writer = writers_[peer];
    capnp::MallocMessageBuilder message;
    auto request = message.initRoot<protocol::ToServer>().initRequest();
    request.setOperation(++writer.operation);
    request.setAcknowledged(writer.operation - 1);
    fill_request(request);
    writer.answered = false;
    peers_.send(peer, message);
  }
  void wait_for_all() {
    peers_.take_until([&] {
      return std::ranges::all_of(writers_, [](const Writer& writer) { return writer.answered; });
    });
  }
  // Everybody asks again as soon as it has its answer, until there were so many answers. Answers a
  // second.
  double rate(std::uint64_t answers, const std::function<void(std::size_t)>& ask_next) {
    answers_ = 0;
    next_ = ask_next;
    const double seconds = seconds_of([&] {
      for (std::size_t peer = 0; peer < writers_.size(); ++peer) ask_next(peer);
      peers_.take_until([&] { return answers_ >= answers; });
    });
    const auto counted = static_cast<double>(answers_);
    next_ = {};
    wait_for_all();
    return counted / seconds;
  }
  Writer& operator[](std::size_t peer) { return writers_[peer]; }
  std::size_t count() const { return writers_.size(); }

 private:
  void hear(std::size_t peer, protocol::ToClient::Reader message) {
    for (const auto answer : message.getAnswers()) {
      Writer& writer = writers_[peer];
      if (answer.isRefused())
        throw std::runtime_error(std::string("The server refused: ") +
                                 answer.getRefused()[0].getText().cStr());
      if (answer.isLeased()) writer.next_id = answer.getLeased().getBegin();
      if (answer.isBorrowed()) {
        for (const auto grant : answer.getBorrowed())
          writer.held.push_back({grant.getId() << 24 | 1, grant.getToken(), 1});
      }
      writer.answered = true;
      ++answers_;
      if (next_) next_(peer);
    }
  }

  std::vector<Writer> writers_;
  std::uint64_t answers_ = 0;
  std::function<void(std::size_t)> next_;
  Peers peers_;
};

void lease(Writers& writers) {
  for (std::size_t peer = 0; peer < writers.count(); ++peer) {
    writers.ask(peer, [](auto request) {
      auto lease = request.initLease();
      lease.setTree(kTree);
      lease.setCount(1'000'000);
    });
  }
  writers.wait_for_all();
}

void set_body(protocol::Action::Builder action, const std::vector<std::uint64_t>& body) {
  action.setTree(kTree);
  action.setSchemaVersion(1);
  action.setBody({reinterpret_cast<const kj::byte*>(body.data()), 8 * body.size()});
}

double rate_of_creates(Site& site, std::size_t count, std::uint64_t answers) {
  Writers writers(site.url(), count);
  lease(writers);
  return writers.rate(answers, [&](std::size_t peer) {
    const std::uint64_t id = writers[peer].next_id++;
    writers.ask(peer, [&](auto request) {
      auto action = request.initTransaction().initActions(1)[0];
      action.setKind(protocol::Action::Kind::CREATE);
      action.setKey(id << 24 | 1);
      set_body(action, body_of(id));
    });
  });
}

using Ids = std::vector<std::uint64_t>;

void borrow(Writers& writers, std::size_t peer, const Ids& ids) {
  writers.ask(peer, [&](auto request) {
    auto records = request.initBorrow().initRecords(static_cast<unsigned>(ids.size()));
    for (unsigned i = 0; i < records.size(); ++i) {
      records[i].setTree(kTree);
      records[i].setId(ids[i]);
    }
  });
}

void give_back(Writers& writers, std::size_t peer) {
  const auto held = std::exchange(writers[peer].held, {});
  writers.ask(peer, [&](auto request) {
    auto back = request.initGiveBack();
    auto records = back.initRecords(static_cast<unsigned>(held.size()));
    auto tokens = back.initTokens(static_cast<unsigned>(held.size()));
    for (unsigned i = 0; i < records.size(); ++i) {
      records[i].setTree(kTree);
      records[i].setId(held[i].key >> 24);
      tokens.set(i, held[i].token);
    }
  });
}

// Ids of all items, in no order.
Ids shuffled_items() {
  Ids ids(kItems);
  for (std::uint64_t i = 0; i < kItems; ++i) ids[i] = i + 1;
  std::shuffle(ids.begin(), ids.end(), std::mt19937_64(1));
  return ids;
}

// The last so many of them, which are taken away: a record is edited in one measurement only, so
// that who edits it knows its iteration.
Ids take(Ids& from, std::uint64_t count) {
  if (from.size() < count) throw std::runtime_error("Too many runs for the items that there are.");
  const auto begin = from.end() - static_cast<std::ptrdiff_t>(count);
  Ids taken(begin, from.end());
  from.erase(begin, from.end());
  return taken;
}

double rate_of_edits(Site& site, std::size_t count, std::uint64_t answers, Ids& unedited) {
  Writers writers(site.url(), count);
  const Ids ids = take(unedited, kEditedByOne * count);
  for (std::size_t peer = 0; peer < count; ++peer) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(peer * kEditedByOne);
    borrow(writers, peer, Ids(begin, begin + static_cast<std::ptrdiff_t>(kEditedByOne)));
  }
  writers.wait_for_all();
  std::mt19937_64 random(1);
  const double rate = writers.rate(answers, [&](std::size_t peer) {
    auto& held = writers[peer].held[random() % kEditedByOne];
    writers.ask(peer, [&](auto request) {
      auto action = request.initTransaction().initActions(1)[0];
      action.setKind(protocol::Action::Kind::CHECK_IN);
      action.setKey(held.key);
      action.setToken(held.token);
      action.setBaseIteration(held.iteration++);
      action.setKeepBorrow(true);
      set_body(action, body_of(kItems + random() % kItems));
    });
  });
  for (std::size_t peer = 0; peer < count; ++peer) give_back(writers, peer);
  writers.wait_for_all();
  return rate;
}

// The median of borrowing so many records, and of returning them, in ms.
double borrow_and_return_ms(Site& site, std::uint64_t records, int times) {
  Writers writers(site.url(), 1);
  Ids all = shuffled_items();
  const Ids ids = take(all, records);
  std::vector<double> took;
  for (int i = 0; i < times; ++i) {
    took.push_back(1e3 / 2 * seconds_of([&] {
                     borrow(writers, 0, ids);
                     writers.wait_for_all();
                     give_back(writers, 0);
                     writers.wait_for_all();
                   }));
  }
  return median(took);
}

// What a durable commit of so many values as an edit of a record takes, in ms: the least that
// anybody can wait for.
double commit_ms(const WorkFolder& folder, std::uint64_t records, int times) {
  RawLmdb raw(folder / ("raw" + std::to_string(records)));
  std::vector<std::uint64_t> value(kValueBytes / 8, 1);
  Ids all = shuffled_items();
  const Ids ids = take(all, records);
  raw.append(kItems, kItems, value);
  std::vector<double> took;
  for (int i = 0; i < times; ++i) {
    took.push_back(1e3 * seconds_of([&] {
                     raw.write([&] {
                       for (const std::uint64_t id : ids)
                         raw.put(id, std::as_bytes(std::span(value)));
                     });
                   }));
  }
  return median(took);
}

void compare_rates(const std::string& what, double one, double many, double goal) {
  print({.name = what + ", 1 writer", .value = one, .unit = "trans./s"});
  print({.name = what + ", " + std::to_string(kWriters) + " writers",
         .value = many,
         .unit = "trans./s",
         .ratio_to_raw = many / one,
         .ratio_goal = Goal{Goal::Kind::at_least, goal}});
}

void run(const Arguments& arguments) {
  const WorkFolder folder(arguments.folder);
  Site site(arguments, folder, "server");
  load(site, folder, kItems);
  std::vector<double> create_one, create_many, edit_one, edit_many;
  const std::uint64_t answers = arguments.records;
  Ids unedited = shuffled_items();
  for (int i = 0; i < arguments.runs; ++i) {
    create_one.push_back(rate_of_creates(site, 1, answers / 20));
    create_many.push_back(rate_of_creates(site, kWriters, answers));
    edit_one.push_back(rate_of_edits(site, 1, answers / 20, unedited));
    edit_many.push_back(rate_of_edits(site, kWriters, answers, unedited));
  }
  compare_rates("create", median(create_one), median(create_many), 40);
  compare_rates("edit at random", median(edit_one), median(edit_many), 15);
  remark("(the ratios of these are to one writer)");

  const int times = 40 * arguments.runs;
  for (const auto& [records, goal_ms] : {std::pair{std::uint64_t{1}, 1.0}, std::pair{kSet, 20.0}}) {
    const double ours = borrow_and_return_ms(site, records, times);
    const double commit = commit_ms(folder, records, times);
    const std::string what = std::to_string(records) + (records == 1 ? " record" : " records");
    print({.name = "a borrow or a return of " + what, .value = ours, .unit = "ms"});
    print({.name = "beyond raw LMDB's commit of " + std::to_string(commit).substr(0, 4) + " ms",
           .value = ours - commit,
           .unit = "ms",
           .goal = Goal{Goal::Kind::at_most, goal_ms}});
  }
}

}  // namespace
}  // namespace coppice::bench

int main(int argc, char** argv) {
  return coppice::bench::run_benchmark(
      argc, argv,
      {.about = "Writers on line that wait for each answer: the group commit, borrows and returns.",
       .records = 20'000,
       .records_quick = 1'000,
       .runs = 3},
      coppice::bench::run);
}
