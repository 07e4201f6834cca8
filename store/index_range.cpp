#include "store/index_range.h"

#include <algorithm>

namespace coppice::store {
namespace {

class RangeSink final : public IndexSink {
 public:
  RangeSink(unsigned index, const ValueRange& range) : index_(index), range_(range) {}
  void number(unsigned index, std::uint64_t value) override {
    if (index != index_) return;
    found |= !(range_.from && value < range_.from->number()) &&
             !(range_.to && value > range_.to->number());
  }
  void bytes(unsigned index, std::string_view value) override {
    if (index != index_) return;
    // std::string_view compares as unsigned bytes, like the keys.
    found |= !(range_.from && value < range_.from->bytes()) &&
             !(range_.to && value > range_.to->bytes());
  }
  bool found = false;

 private:
  const unsigned index_;
  const ValueRange& range_;
};

ValueKey key_of(IndexNumber number, const std::optional<FieldValue>& value) {
  return value ? ValueKey(number, *value) : ValueKey(number);
}

int compare(Bytes a, Bytes b) {
  const int order = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
  return order != 0 ? order : a.size() < b.size() ? -1 : a.size() > b.size();
}

}  // namespace

bool has_value_in(const IndexPlan& plan, unsigned index, std::span<const std::uint64_t> body,
                  const ValueRange& range) {
  RangeSink sink(index, range);
  plan.extract(body, sink);
  return sink.found;
}

IndexRange::IndexRange(const Txn& txn, const IndexTables& tables, IndexNumber number,
                       const ValueRange& range)
    : cursor_(txn, tables.values),
      first_(key_of(number, range.from)),
      last_(key_of(number, range.to)),
      ends_(range.to.has_value()) {
  valid_ = cursor_.seek(first_.bytes());
  look();
}

void IndexRange::next() {
  valid_ = cursor_.next();
  look();
}

void IndexRange::next_value() {
  valid_ = cursor_.next_key();
  look();
}

void IndexRange::look() {
  if (!valid_) return;
  valid_ = ends_ ? compare(cursor_.key(), last_.bytes()) <= 0
                 : ValueKey::number_of(cursor_.key()) == ValueKey::number_of(first_.bytes());
}

IndexValues::IndexValues(const Txn& txn, const IndexTables& tables, IndexNumber number,
                         Direction direction)
    : cursor_(txn, tables.values), number_(number), direction_(direction) {
  if (direction == Direction::ascending) {
    valid_ = cursor_.seek(ValueKey(number).bytes());
  } else {
    valid_ = cursor_.seek_before(ValueKey(IndexNumber{number.value + 1}).bytes());
  }
  look();
}

void IndexValues::next() {
  if (direction_ == Direction::ascending) {
    valid_ = cursor_.next_key();
  } else {
    const std::vector<std::byte> key(cursor_.key().begin(), cursor_.key().end());
    valid_ = cursor_.seek_before(key);
  }
  look();
}

void IndexValues::look() {
  if (valid_) valid_ = ValueKey::number_of(cursor_.key()) == number_;
}

}  // namespace coppice::store
