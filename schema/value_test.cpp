#include "schema/value_test.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>

#include "schema/fold.h"

namespace coppice {
namespace {

constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();

using Range = std::pair<std::uint64_t, std::uint64_t>;

// How many values a test has; nothing: any number of them.
std::optional<std::size_t> values_of(Test test) {
  switch (test) {
    case Test::set:
      return 0;
    case Test::between:
      return 2;
    case Test::one_of:
      return std::nullopt;
    default:
      return 1;
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

// What a test of a number means as ranges; empty ones may be among them.
std::vector<Range> ranges_of(Test test, const std::vector<OwnedValue>& values) {
  if (test == Test::one_of) {
    std::vector<Range> ranges;
    for (const OwnedValue& value : values) ranges.emplace_back(value.number(), value.number());
    return ranges;
  }
  const std::uint64_t value = values.front().number();
  switch (test) {
    case Test::less:
      if (value == 0) return {};
      return {{0, value - 1}};
    case Test::at_most:
      return {{0, value}};
    case Test::greater:
      if (value == kHighest) return {};
      return {{value + 1, kHighest}};
    case Test::at_least:
      return {{value, kHighest}};
    case Test::between:
      return {{value, values.back().number()}};
    default:
      return {{value, value}};
  }
}

// In ascending order, without empty ones, and those that overlap made one.
std::vector<Range> merged(std::vector<Range> ranges) {
  std::erase_if(ranges, [](const Range& range) { return range.first > range.second; });
  std::sort(ranges.begin(), ranges.end());
  std::vector<Range> apart;
  for (const Range& range : ranges) {
    if (!apart.empty() && range.first <= apart.back().second) {
      apart.back().second = std::max(apart.back().second, range.second);
    } else {
      apart.push_back(range);
    }
  }
  return apart;
}

}  // namespace

bool goes_with(Test test, ValueType type) {
  switch (test) {
    case Test::set:
      return true;
    case Test::equal:
    case Test::one_of:
      return type != ValueType::presence;
    case Test::contains:
    case Test::matches:
      return type == ValueType::text;
    case Test::starts_with:
      return is_bytes(type);
    default:
      return type != ValueType::presence && type != ValueType::reference &&
             type != ValueType::boolean;
  }
}

Result<ValueTest> ValueTest::compile(const FieldMap::Field& field, Test test,
                                     const std::vector<OwnedValue>& values) {
  const auto wanted = values_of(test);
  const bool numbers = !is_bytes(field.type);
  const bool fit = std::all_of(values.begin(), values.end(), [&](const OwnedValue& value) {
    return value.is_number() == numbers;
  });
  if (!goes_with(test, field.type) || (wanted && *wanted != values.size()) || !fit) {
    return error(Errc::bad_request,
                 "What is asked of field '" + field.name + "' does not go with its type.");
  }
  ValueTest compiled;
  if (test == Test::set) return compiled;
  if (numbers) {
    compiled.take_numbers(field, test, values);
  } else {
    compiled.take_bytes(test, values);
  }
  return compiled;
}

void ValueTest::take_numbers(const FieldMap::Field& field, Test test,
                             const std::vector<OwnedValue>& values) {
  kind_ = Kind::numbers;
  if (field.type == ValueType::reference) {
    take_keys(values);
  } else {
    ranges_ = ranges_of(test, values);
  }
  ranges_ = merged(std::move(ranges_));
}

// A key stands for what refers to it: the revision itself and what floats to it, or of a floating
// one all revisions.
void ValueTest::take_keys(const std::vector<OwnedValue>& values) {
  for (const OwnedValue& value : values) {
    const KeyWord key(value.number());
    const KeyWord floating(key.id(), Revision{0});
    if (key.floats()) {
      ranges_.emplace_back(key.value, KeyWord(key.id(), Revision{kRevisionMax}).value);
    } else {
      ranges_.emplace_back(floating.value, floating.value);
      ranges_.emplace_back(key.value, key.value);
    }
  }
}

void ValueTest::take_bytes(Test test, const std::vector<OwnedValue>& values) {
  for (const OwnedValue& value : values) texts_.push_back(value.bytes());
  switch (test) {
    case Test::equal:
      kind_ = Kind::equal;
      return;
    case Test::one_of:
      kind_ = Kind::one_of;
      return std::sort(texts_.begin(), texts_.end());
    case Test::contains:
      kind_ = Kind::contains;
      texts_.front() = fold(texts_.front());
      return;
    case Test::starts_with:
      kind_ = Kind::starts_with;
      return;
    case Test::matches:
      kind_ = Kind::matches;
      texts_ = folded_words(texts_.front());
      return;
    default:
      break;
  }
  kind_ = Kind::range;
  has_from_ = test == Test::greater || test == Test::at_least || test == Test::between;
  has_to_ = test == Test::less || test == Test::at_most || test == Test::between;
  includes_ends_ = test != Test::less && test != Test::greater;
}

namespace {

OwnedValue number_value(std::uint64_t number) { return OwnedValue(FieldValue::of_ordered(number)); }
OwnedValue bytes_value(std::string_view bytes) { return OwnedValue(FieldValue(bytes)); }

// The first text that all texts with this beginning lie before. Nothing: there is none.
std::optional<OwnedValue> after_all_with(std::string beginning) {
  while (!beginning.empty() && beginning.back() == '\xff') beginning.pop_back();
  if (beginning.empty()) return std::nullopt;
  beginning.back() = static_cast<char>(static_cast<unsigned char>(beginning.back()) + 1);
  return bytes_value(beginning);
}

bool is_empty(const ValueSpan& span) { return span.from && span.to && *span.to < *span.from; }

}  // namespace

std::vector<ValueSpan> common(const std::vector<ValueSpan>& a, const std::vector<ValueSpan>& b) {
  std::vector<ValueSpan> both;
  for (const ValueSpan& one : a) {
    for (const ValueSpan& other : b) {
      ValueSpan span = one;
      if (other.from && (!span.from || *span.from < *other.from)) span.from = other.from;
      if (other.to && (!span.to || *other.to < *span.to)) span.to = other.to;
      if (!is_empty(span)) both.push_back(std::move(span));
    }
  }
  return both;
}

std::optional<std::vector<ValueSpan>> ValueTest::spans() const {
  std::vector<ValueSpan> spans;
  switch (kind_) {
    case Kind::always:
      return std::vector<ValueSpan>(1);
    case Kind::numbers:
      for (const auto& [from, to] : ranges_)
        spans.push_back({number_value(from), number_value(to)});
      return spans;
    case Kind::equal:
    case Kind::one_of:
      for (const std::string& text : texts_)
        spans.push_back({bytes_value(text), bytes_value(text)});
      return spans;
    case Kind::range: {
      ValueSpan span;
      if (has_from_) span.from = bytes_value(texts_.front());
      if (has_to_) span.to = bytes_value(texts_.back());
      if (!is_empty(span)) spans.push_back(std::move(span));
      return spans;
    }
    case Kind::starts_with:
      if (texts_.front().empty()) return std::vector<ValueSpan>(1);
      spans.push_back({bytes_value(texts_.front()), after_all_with(texts_.front())});
      return spans;
    default:
      return std::nullopt;
  }
}

std::optional<std::vector<ValueSpan>> ValueTest::contrary_spans() const {
  if (kind_ != Kind::numbers) return std::nullopt;
  std::vector<ValueSpan> spans;
  std::uint64_t next = 0;
  for (const auto& [from, to] : ranges_) {
    if (from > next) spans.push_back({number_value(next), number_value(from - 1)});
    if (to == kHighest) return spans;
    next = to + 1;
  }
  spans.push_back({number_value(next), number_value(kHighest)});
  return spans;
}

bool ValueTest::is_its_spans() const {
  return kind_ == Kind::always || kind_ == Kind::numbers || kind_ == Kind::equal ||
         kind_ == Kind::one_of || (kind_ == Kind::range && includes_ends_);
}

bool ValueTest::number(std::uint64_t value) const {
  if (kind_ == Kind::always) return true;
  if (ranges_.size() > 4) {
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), Range(value, kHighest));
    return after != ranges_.begin() && value <= std::prev(after)->second;
  }
  for (const Range& range : ranges_) {
    if (value >= range.first && value <= range.second) return true;
  }
  return false;
}

bool ValueTest::bytes(std::string_view value) const {
  switch (kind_) {
    case Kind::equal:
      return value == texts_.front();
    case Kind::one_of:
      return std::binary_search(texts_.begin(), texts_.end(), value, std::less<>());
    case Kind::range:
      return in_bytes_range(value);
    case Kind::starts_with:
      return value.starts_with(texts_.front());
    case Kind::contains:
      return contains(value);
    case Kind::matches:
      return has_words(value, texts_);
    default:
      return true;
  }
}

bool ValueTest::in_bytes_range(std::string_view value) const {
  if (!includes_ends_ && value == texts_.front()) return false;
  return (!has_from_ || value >= texts_.front()) && (!has_to_ || value <= texts_.back());
}

// Most texts are ASCII, and are looked through where they lie.
bool ValueTest::contains(std::string_view value) const {
  const std::string& part = texts_.front();
  if (!is_ascii(value)) return fold(value).find(part) != std::string::npos;
  return std::search(value.begin(), value.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == b; }) != value.end() ||
         part.empty();
}

std::vector<std::string> folded_words(std::string_view text) {
  const std::string folded = fold(text);
  std::vector<std::string> words;
  for (WordWalk walk(folded); walk; walk.next()) words.emplace_back(walk.word());
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

bool has_words(std::string_view text, const std::vector<std::string>& words) {
  const std::string folded = fold(text);
  std::vector<bool> found(words.size());
  std::size_t left = words.size();
  for (WordWalk walk(folded); walk && left > 0; walk.next()) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (found[i] || !walk.word().starts_with(words[i])) continue;
      found[i] = true;
      --left;
    }
  }
  return left == 0;
}

}  // namespace coppice
