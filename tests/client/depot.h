#pragma once

#include <functional>
#include <string>
#include <utility>

#include "depot.coppice.h"
#include "tests/client/site.h"

// A site whose clients use the depot's trees, which have every kind of field and index.
namespace coppice::test {

struct DepotDesk : Desk {
  DepotDesk(Site& site, std::string name) : Desk(site, std::move(name)) {
    options.trees = trees<depot::Article, depot::Firm>();
  }
  using Fill = std::function<void(depot::Article::Builder)>;
  Result<Key<depot::Article>> make(const Fill& fill) {
    return (*this)->write([&](Transaction& t) { return t.create<depot::Article>(fill); });
  }
  Key<depot::Article> make(const std::string& number, std::int64_t price = 0) {
    const auto made = make([&](auto article) {
      article.setNumber(number);
      article.setPrice(price);
    });
    REQUIRE(made);
    return *made;
  }
  Key<depot::Firm> make_firm(const std::string& name) {
    const auto made = (*this)->write([&](Transaction& t) {
      return t.create<depot::Firm>([&](auto firm) { firm.setName(name); });
    });
    REQUIRE(made);
    return *made;
  }
};

// Two desks, live.
struct Depot {
  Site site;
  DepotDesk ann{site, "ann"};
  DepotDesk bob{site, "bob"};
  Depot() {
    ann.go_on_line();
    bob.go_on_line();
  }
};

}  // namespace coppice::test
