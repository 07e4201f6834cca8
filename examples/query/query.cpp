// Asks a replica: ./query FOLDER [once]. Prints what is cheap, how that was found, and then, until
// Ctrl-C, what becomes cheap and what does not stay so.

#include <iostream>
#include <set>
#include <string>

// [queries]
#include <coppice/client.h>

#include "query.coppice.h"  // generated from query.capnp

using F = shop::PartFields;
using C = shop::CompanyFields;

coppice::Query<shop::Part> cheap_parts() {
  return coppice::query<shop::Part>()
      .where(F::price < 100 && (F::maker.to(C::country) == "DE" || !F::title.contains("10k")))
      .released()
      .order_by(F::price, coppice::Direction::descending)
      .limit(20);
}

void list(coppice::Client& client) {
  auto now = client.snapshot();
  for (auto part : now.select(cheap_parts())) std::cout << part->getNumber().cStr() << "\n";
  std::cout << now.count(cheap_parts()) << " parts\n" << now.explain(cheap_parts()).text();
}

// A list that follows: its keys at the start, and then one event for each change.
void follow(coppice::Client& client, int looks) {
  auto live = client.live(cheap_parts()).value();
  std::set<shop::PartKey> shown(live.start().begin(), live.start().end());
  for (; looks > 0; --looks) {
    client.wait_for_events(std::chrono::milliseconds(100));
    for (const coppice::Event& event : client.poll()) {
      if (event.query != live.number()) continue;
      const shop::PartKey key(event.key.word);
      if (event.kind == coppice::Event::Kind::entered) shown.insert(key);
      if (event.kind == coppice::Event::Kind::left) shown.erase(key);
      if (event.kind == coppice::Event::Kind::missed) return follow(client, looks);
      std::cout << coppice::to_string(event.kind) << " " << client.format(event.key) << ", "
                << shown.size() << " shown\n";
    }
  }
}
// [queries]

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: query FOLDER [once]\n";
    return 2;
  }
  try {
    auto client = coppice::Client::open(
        argv[1], {.name = "bench 3", .trees = coppice::trees<shop::Part, shop::Company>()});
    list(client);
    follow(client, argc == 3 ? 1 : 1'000'000);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "query: " << error.what() << "\n";
    return 1;
  }
}
