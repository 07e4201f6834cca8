#include "tests/simulation/index_check.h"

#include <algorithm>

namespace coppice::simulation {
namespace {

constexpr auto kAll = Revisions::all;

template <typename T>
typename T::Reader reader_of(const AnyRecord& record) {
  return capnp::readMessageUnchecked<T>(
      reinterpret_cast<const capnp::word*>(record.view.body().data()));
}

template <typename Records>
std::set<AnyKey> keys_of(const Records& records) {
  std::set<AnyKey> keys;
  for (const auto record : records) keys.insert(AnyKey(record.key()));
  return keys;
}

std::string listed(const std::set<AnyKey>& keys) {
  std::string text;
  for (const AnyKey key : keys) text += (text.empty() ? "" : ", ") + to_string(key);
  return text.empty() ? "nothing" : text;
}

std::string to_text(const std::string& value) { return value; }
std::string to_text(std::uint32_t value) { return std::to_string(value); }

// Every value of one index: empty, or the first whose answer is another than the records'.
template <typename T, typename V, typename Value>
std::string compare(const Snapshot& snapshot, const char* name, IndexedField<T, V> field,
                    const std::map<Value, std::set<AnyKey>>& expected) {
  for (const auto& [value, keys] : expected) {
    const auto found = keys_of(snapshot.find_all(field, value, kAll));
    if (found == keys) continue;
    return std::string("the index ") + name + " has for " + to_text(value) + " " + listed(found) +
           ", not " + listed(keys);
  }
  const auto everything = keys_of(snapshot.range(field, std::nullopt, std::nullopt, kAll));
  std::set<AnyKey> all;
  for (const auto& [value, keys] : expected) all.insert(keys.begin(), keys.end());
  if (everything == all) return {};
  return std::string("the index ") + name + " has in all " + listed(everything) + ", not " +
         listed(all);
}

}  // namespace

void IndexCheck::look_at(const AnyRecord& record) {
  if (record.key.tree == TreeOf<stock::Part>::id) {
    expect(record.key, reader_of<stock::Part>(record));
  } else if (record.key.tree == TreeOf<stock::Company>::id) {
    expect(record.key, reader_of<stock::Company>(record));
  } else {
    expect(record.key, reader_of<stock::Movement>(record));
  }
}

void IndexCheck::expect(AnyKey key, stock::Part::Reader part) {
  ++parts_;
  numbers_[text_of(part.getNumber())].insert(key);
  serials_[part.getSerial()].insert(key);
  if (part.hasMaker()) users_[AnyKey(key_of(part.getMaker()))].insert(key);
}

void IndexCheck::expect(AnyKey key, stock::Company::Reader company) {
  const std::string trail = text_of(company.getName());
  names_[trail.substr(0, trail.find('.'))].insert(key);
}

void IndexCheck::expect(AnyKey key, stock::Movement::Reader movement) {
  notes_[text_of(movement.getNote())].insert(key);
}

std::string IndexCheck::run() const {
  for (const auto& wrong : {compare(snapshot_, "number", stock::PartFields::number, numbers_),
                            compare(snapshot_, "serial", stock::PartFields::serial, serials_),
                            compare(snapshot_, "note", stock::MovementFields::note, notes_)}) {
    if (!wrong.empty()) return wrong;
  }
  const auto by_price =
      keys_of(snapshot_.range(stock::PartFields::price, std::nullopt, std::nullopt, kAll)).size();
  if (by_price != parts_) {
    return "the index price has " + std::to_string(by_price) + " parts of " +
           std::to_string(parts_);
  }
  for (const auto& [maker, expected] : users_) {
    const auto users = snapshot_.where_used(maker, kAll);
    const std::set<AnyKey> found(users.begin(), users.end());
    if (found != expected) {
      return to_string(maker) + " is used by " + listed(expected) + ", and not by " + listed(found);
    }
  }
  for (const auto& [word, expected] : names_) {
    // A beginning is found too: c1 in c12.
    const auto found = keys_of(snapshot_.search<stock::Company>(word, 10'000, kAll));
    if (!std::ranges::includes(found, expected))
      return "a search for " + word + " finds " + listed(found) + ", not " + listed(expected);
  }
  return {};
}

std::string IndexCheck::find_shared_value() const {
  for (const auto& [serial, keys] : serials_) {
    if (serial == 0) continue;  // unset
    std::set<AnyKey> records;
    for (const AnyKey key : keys) records.insert(key.record());
    if (records.size() > 1)
      return "the serial " + std::to_string(serial) + " is shared by " + listed(records);
  }
  return {};
}

}  // namespace coppice::simulation
