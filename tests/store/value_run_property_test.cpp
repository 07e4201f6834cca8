// Random transactions over small runs, against a model that knows nothing of runs.
#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include "store/unique_check.h"
#include "tests/store/index_depot.h"

namespace coppice::store {
namespace {

struct Row {
  std::string number;
  std::int64_t price = 0;
};
using Rows = std::map<KeyWord, Row>;
using Found = std::vector<std::pair<std::string, KeyWord>>;

// The entries of the two fields, as one would write them by hand.
Found numbers_of(const Rows& rows) {
  Found found;
  for (const auto& [key, row] : rows) {
    if (!row.number.empty()) found.emplace_back(row.number, key);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string text_of(std::int64_t price) {
  const std::uint64_t big_endian = to_big_endian(FieldValue(price).number());
  return {reinterpret_cast<const char*>(&big_endian), sizeof big_endian};
}

Found prices_of(const Rows& rows) {
  Found found;
  for (const auto& [key, row] : rows) found.emplace_back(text_of(row.price), key);
  std::sort(found.begin(), found.end());
  return found;
}

std::string text_of(Bytes value) {
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

class History {
 public:
  explicit History(unsigned seed)
      : random_(seed),
        depot_(article_tree(), RunLimits{.direct_max = 1 + chance(40),
                                         .fan_out = 2 + chance(3),
                                         .bytes_max = 8'000 + chance(3) * 20'000}) {}

  void step() {
    switch (chance(12)) {
      case 0:
        kept_.clear();
        depot_.open();
        break;
      case 1:
        depot_.indexes->drain(1 + chance(60));
        break;
      case 2:
        depot_.indexes->drain_to_the_end();
        break;
      case 3:
        swap_two();
        break;
      case 4:
        give_up();
        break;
      case 5:
        if (kept_.size() < 5) kept_.emplace_back(depot_.database->read(), rows_);
        break;
      default:
        write(chance(3) == 0 ? 1 : chance(30));
    }
    if (depot_.indexes->has_runs()) ++with_runs_;
    check();
  }
  int with_runs() const { return with_runs_; }

 private:
  std::size_t chance(std::size_t below) { return random_() % below; }

  Row some_row() {
    static const std::string kCommon(30, 'x');
    const std::string number = std::to_string(chance(60));
    return {chance(9) == 0   ? ""
            : chance(3) == 0 ? kCommon + number
                             : number,
            static_cast<std::int64_t>(chance(7)) - 3};
  }

  Depot::Bodies some_bodies(std::size_t count, Rows& rows) {
    Depot::Bodies bodies;
    for (std::size_t i = 0; i < count; ++i) {
      const KeyWord at = key(1 + chance(50), 1 + chance(2));
      if (chance(4) == 0) {
        bodies.emplace_back(at, Words{});
        rows.erase(at);
      } else {
        rows[at] = some_row();
        bodies.emplace_back(at, numbered(rows[at].number, rows[at].price));
      }
    }
    return bodies;
  }

  void write(std::size_t count) { depot_.write(some_bodies(count, rows_)); }

  void swap_two() {
    if (rows_.size() < 2) return;
    auto a = std::next(rows_.begin(), static_cast<long>(chance(rows_.size())));
    auto b = std::next(rows_.begin(), static_cast<long>(chance(rows_.size())));
    std::swap(a->second, b->second);
    depot_.write({{a->first, numbered(a->second.number, a->second.price)},
                  {b->first, numbered(b->second.number, b->second.price)}});
  }

  void give_up() {
    Rows never = rows_;
    const auto bodies = some_bodies(20, never);
    CHECK_THROWS_AS(depot_.database->write([&](WriteTxn& txn) {
      IndexUpdate update(*depot_.indexes, txn);
      for (const auto& [key, body] : bodies) {
        const auto before = depot_.tree().find(txn, key);
        update.change(AnyKey(kArticles, key),
                      before ? before->body() : std::span<const std::uint64_t>{}, body);
        depot_.tree().put(txn, key, header(1, body.empty() ? RecordHeader::kRemoved : 0), body);
        if (chance(8) == 0) update.finish();
      }
      update.finish();
      throw std::runtime_error("given up");
    }),
                    std::runtime_error);
  }

  void check() {
    REQUIRE(depot_.faults() == std::vector<std::string>{});
    const auto now = depot_.database->read();
    check_snapshot(now, rows_);
    for (const auto& [txn, rows] : kept_) check_snapshot(txn, rows);
    check_unique(now);
  }

  void check_snapshot(const Txn& txn, const Rows& rows) {
    check_index(txn, "number", numbers_of(rows));
    check_index(txn, "price", prices_of(rows));
    const Row some = some_row();
    Found wanted;
    for (const auto& one : numbers_of(rows)) {
      if (one.first >= some.number && one.first <= some.number + "5") wanted.push_back(one);
    }
    const std::string to = some.number + "5";
    Found found;
    for (IndexRange r(
             txn, depot_.indexes->tables(), depot_.number("number"),
             {FieldValue(std::string_view(some.number)), FieldValue(std::string_view(to))});
         r; r.next())
      found.emplace_back(text_of(r.value()), r.key());
    REQUIRE(found == wanted);
  }

  void check_index(const Txn& txn, const std::string& name, const Found& wanted) {
    const IndexTables& tables = depot_.indexes->tables();
    const IndexNumber number = depot_.number(name);
    std::map<std::string, std::vector<KeyWord>> by_value;
    for (const auto& [value, key] : wanted) by_value[value].push_back(key);
    Found found;
    for (IndexRange r(txn, tables, number, {}); r; r.next())
      found.emplace_back(text_of(r.value()), r.key());
    REQUIRE(found == wanted);
    auto expected = by_value.begin();
    for (IndexRange r(txn, tables, number, {}); r; r.next_value(), ++expected) {
      REQUIRE(text_of(r.value()) == expected->first);
      REQUIRE(r.key() == expected->second.front());
      REQUIRE(r.count() == expected->second.size());
    }
    std::vector<std::vector<KeyWord>> up, down, lists;
    for (const auto& [value, keys] : by_value) lists.push_back(keys);
    walk(txn, number, IndexValues::Direction::ascending, up);
    walk(txn, number, IndexValues::Direction::descending, down);
    REQUIRE(up == lists);
    std::reverse(down.begin(), down.end());
    REQUIRE(down == lists);
  }

  void walk(const Txn& txn, IndexNumber number, IndexValues::Direction direction,
            std::vector<std::vector<KeyWord>>& into) {
    for (IndexValues v(txn, depot_.indexes->tables(), number, direction); v; v.next()) {
      v.read_keys(into.emplace_back());
      REQUIRE(v.count() == into.back().size());
    }
  }

  void check_unique(const Txn& txn) {
    std::map<KeyWord, Row> wanted;
    for (std::size_t i = 0; i < 8; ++i) wanted[key(40 + chance(30))] = some_row();
    UniqueCheck check(*depot_.indexes, txn);
    std::vector<Words> bodies;
    for (const auto& [at, row] : wanted) bodies.push_back(numbered(row.number, row.price));
    std::size_t i = 0;
    for (const auto& [at, row] : wanted) check.add(AnyKey(kArticles, at), bodies[i++]);
    std::set<KeyWord> refused;
    for (const auto& clash : check.run()) refused.insert(clash.key.word);
    REQUIRE(refused == clashes_of(wanted));
  }

  // Who has a number keeps it; else it is that of a record that is not written, else of the first
  // who wants it.
  std::set<KeyWord> clashes_of(const Rows& wanted) const {
    std::set<KeyWord> refused;
    for (const auto& [at, row] : wanted) {
      if (row.number.empty()) continue;
      std::set<RecordId> had;
      bool remains = false;
      for (const auto& [other, stored] : rows_) {
        if (stored.number != row.number) continue;
        had.insert(other.id());
        remains |= !wanted.contains(other);
      }
      if (had.contains(at.id())) continue;
      bool is_taken = remains;
      for (const auto& [other, its] : wanted) {
        if (its.number != row.number || other == at) continue;
        is_taken |= had.contains(other.id()) || other < at;
      }
      if (is_taken) refused.insert(at);
    }
    return refused;
  }

  std::mt19937 random_;
  Depot depot_;
  Rows rows_;
  std::vector<std::pair<ReadTxn, Rows>> kept_;
  int with_runs_ = 0;
};

}  // namespace

TEST_CASE("runs of random histories are as if there were none, in every snapshot", "[store]") {
  const auto seed = GENERATE(range(1u, 21u));
  INFO("seed " << seed);
  History history(seed);
  for (int round = 0; round < 60; ++round) history.step();
  CHECK(history.with_runs() > 0);
}

}  // namespace coppice::store
