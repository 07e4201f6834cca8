#pragma once

#include <string>
#include <vector>

#include <capnp/message.h>

#include "coppice/protocol.capnp.h"
#include "office.coppice.h"
#include "schema/body_shape.h"
#include "tests/client/site.h"

// A site of the drawing office, whose trees declare lifecycles and what a release asks.
namespace coppice::test {

struct OfficeDesk : Desk {
  OfficeDesk(Site& site, std::string name) : Desk(site, std::move(name)), site(site) {
    options.trees = trees<office::Drawing, office::Material, office::Sketch, office::Index>();
  }
  Key<office::Material> make_material(const std::string& name) {
    return make<office::Material>([&](auto body) { body.setName(name); });
  }
  Key<office::Drawing> make_drawing(const std::string& number,
                                    const std::vector<Key<office::Drawing>>& parts = {},
                                    Key<office::Material> of = {}) {
    return make<office::Drawing>([&](auto body) { fill(body, number, parts, of); });
  }
  static void fill(office::Drawing::Builder body, const std::string& number,
                   const std::vector<Key<office::Drawing>>& parts, Key<office::Material> of = {}) {
    body.setNumber(number);
    if (of) refer(body.initMaterial(), of);
    auto list = body.initParts(static_cast<unsigned>(parts.size()));
    for (unsigned i = 0; i < list.size(); ++i) refer<office::Drawing>(list[i], parts[i]);
  }
  // What the newest released revision of a drawing refers to.
  std::vector<KeyWord> parts_of(Key<office::Drawing> key) {
    const auto now = (*this)->snapshot();
    std::vector<KeyWord> words;
    for (const auto part : (*now.get(key))->getParts()) words.emplace_back(part.getKey());
    return words;
  }
  Result<Accepted> submit(const std::function<void(Transaction&)>& fn) {
    const auto pending = (*this)->submit(fn);
    site.settle();
    REQUIRE(pending.result());
    return *pending.result();
  }
  Result<Accepted> set_state(AnyKey key, std::string_view from, std::string_view to,
                             std::string_view comment = {}, Steps steps = Steps::declared) {
    return submit([&](Transaction& t) { t.set_state(key, from, to, comment, steps); });
  }
  std::string state(AnyKey key) {
    const auto now = (*this)->snapshot();
    return now.catalogue().find(key.tree)->lifecycle().name(now.get(key)->header().state);
  }

  Site& site;

 private:
  template <typename T, typename F>
  Key<T> make(F&& fill) {
    const auto made = (*this)->write([&](Transaction& t) { return t.create<T>(fill); });
    REQUIRE(made);
    site.settle();
    return *made;
  }
};

// Two desks, live.
struct Office {
  Site site;
  OfficeDesk ann{site, "ann"};
  OfficeDesk bob{site, "bob"};
  Office() {
    ann.go_on_line();
    bob.go_on_line();
  }
};

}  // namespace coppice::test
