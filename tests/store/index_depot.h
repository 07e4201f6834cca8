#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "depot.coppice.h"
#include "store/index_range.h"
#include "store/indexes.h"
#include "test_places.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/store/fixture.h"

namespace coppice::store {

using coppice::test::body_of;
using depot::Article;
inline constexpr TreeId kArticles = TreeOf<Article>::id;

inline TreeInfoPtr article_tree(
    const std::vector<std::pair<std::string, std::string>>& changes = {}) {
  std::string text =
      coppice::test::read_file(COPPICE_SOURCE_DIR "/tests/codegen/schemas/depot.capnp");
  text.erase(0, text.find("struct Firm"));
  for (const auto& [from, to] : changes) {
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
  }
  return coppice::test::tree_in(text, "articles");
}

// A database with articles and their indexes.
struct Depot {
  TempFolder folder;
  std::optional<Database> database;
  std::optional<Indexes> indexes;
  const RunLimits limits;

  Depot() { open(); }
  explicit Depot(TreeInfoPtr tree, const RunLimits& limits = {}) : limits(limits) {
    open();
    adopt(std::move(tree));
  }
  void open(Indexes::Kept kept = Indexes::Kept::all) {
    indexes.reset();
    database.reset();
    database.emplace(folder / "depot", Role::replica, quick());
    indexes.emplace(*database, kept, nullptr, limits);
  }
  void adopt(TreeInfoPtr tree) {
    database->adopt(tree);
    indexes->follow(tree);
  }
  RecordTree tree() { return *database->tree(kArticles); }

  // Writes bodies as one transaction; an empty one removes its record.
  using Bodies = std::vector<std::pair<KeyWord, Words>>;
  void write(const Bodies& bodies) {
    database->write([&](WriteTxn& txn) {
      IndexUpdate update(*indexes, txn);
      for (const auto& [key, body] : bodies) {
        const auto before = tree().find(txn, key);
        update.change(AnyKey(kArticles, key),
                      before ? before->body() : std::span<const std::uint64_t>{}, body);
        tree().put(txn, key, header(1, body.empty() ? RecordHeader::kRemoved : 0), body);
      }
      update.finish();
    });
  }

  IndexNumber number(const std::string& name) {
    const auto* kept = indexes->tree(kArticles);
    return kept->numbers[*kept->info->indexes().find(name)];
  }
  // Ids of the records with values of this field in a range.
  using Ids = std::vector<std::uint64_t>;
  Ids ids(const std::string& name, const ValueRange& range = {}) {
    Ids found;
    auto txn = database->read();
    for (IndexRange r(txn, indexes->tables(), number(name), range); r; r.next())
      found.push_back(r.key().id().value);
    return found;
  }
  std::uint64_t count_values() {
    const auto table = database->environment().open_table("values", Layout::word_sets);
    return database->read().count(*table);
  }
  std::vector<std::string> faults() { return check_indexes(*database, database->read()).faults; }
};

inline Words numbered(const std::string& number, std::int64_t price = 0) {
  return body_of<Article>([&](auto article) {
    article.setNumber(number);
    article.setPrice(price);
  });
}

}  // namespace coppice::store
