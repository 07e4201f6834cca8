#pragma once

#include <string>

#include "coppice/migration.h"
#include "server/migrate.h"
#include "tests/client/site.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"

namespace coppice::test {

// The shop in which a part's price is a text with its currency.
inline const TreeInfoPtr& priced() {
  static const TreeInfoPtr tree = tree_in_shop("parts", {{"price @3 :Int64", "price @3 :Text"}});
  return tree;
}

inline constexpr auto kParts = TreeOf<shop::Part>::id;

inline Migration to_priced() {
  return {kParts, priced()->message(),
          [](capnp::DynamicStruct::Reader old, capnp::MessageBuilder& message,
             MigrationContext& context) {
            auto now = message.initRoot<capnp::DynamicStruct>(priced()->dynamic());
            now.set("number", old.get("number"));
            now.set("title", old.get("title"));
            const auto title = old.get("title").as<capnp::Text>();
            if (title == "odd") return context.refuse("its title is odd.");
            now.set("price", kj::str(old.get("price").as<std::int64_t>(), " EUR").cStr());
          }};
}

// A program built after the migration was written.
struct PricedDesk : Desk {
  PricedDesk(Site& site, std::string name) : Desk(site, std::move(name)) {
    options.trees = {{kParts, priced()->message()}};
    options.migrations = {to_priced()};
  }
  std::string text(AnyKey key, const char* field) {
    const auto now = (*this)->snapshot();
    const auto found = now.get(key);
    if (!found) return "(no record)";
    return read(found->view.body(), field);
  }
  static std::string read(std::span<const std::uint64_t> body, const char* field) {
    auto root = capnp::readMessageUnchecked<capnp::AnyPointer>(
        reinterpret_cast<const capnp::word*>(body.data()));
    return root.getAs<capnp::DynamicStruct>(priced()->dynamic())
        .get(field)
        .as<capnp::Text>()
        .cStr();
  }
  std::string price(AnyKey key) { return text(key, "price"); }
  Result<Done> set_price(AnyKey key, const char* price) {
    return (*this)->write([&](Transaction& t) {
      t.edit_body(key).getRoot<capnp::DynamicStruct>(priced()->dynamic()).set("price", price);
    });
  }
};

inline void migrate(Site& site) {
  site.stop_server();
  const auto report = site.migrate({to_priced()});
  REQUIRE(report);
  REQUIRE(report->failed() == 0);
  site.start_server();
}

// The same desk, now with the program that has the migration.
struct Upgrade {
  Upgrade(Desk& old, Site& site, const std::string& name) : desk((old.close(), site), name) {}
  PricedDesk desk;
};

inline Key<shop::Part> made_part(Desk& desk, Site& site, const std::string& number) {
  const auto key = desk->write([&](Transaction& t) {
    return t.create<shop::Part>([&](shop::Part::Builder part) {
      part.setNumber(number);
      part.setPrice(12);
    });
  });
  REQUIRE(key);
  site.settle();
  return *key;
}

}  // namespace coppice::test
