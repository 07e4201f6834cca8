#pragma once

#include <concepts>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "coppice/any_condition.h"
#include "coppice/field.h"

// Conditions on fields as C++ writes them: `F::price < 100 && !F::title.contains("10k")`, where F
// are the fields that codegen names: `using F = shop::PartFields;`.
namespace coppice {

// A condition on records of the tree of T. A value, cheap to copy; owns what it compares with.
template <typename T>
class Condition {
 public:
  // Every record.
  Condition() = default;
  explicit Condition(AnyCondition condition) : condition_(std::move(condition)) {}

  const AnyCondition& any() const { return condition_; }

  friend Condition operator&&(const Condition& a, const Condition& b) {
    return Condition(AnyCondition::all({a.condition_, b.condition_}));
  }
  friend Condition operator||(const Condition& a, const Condition& b) {
    return Condition(AnyCondition::any({a.condition_, b.condition_}));
  }
  friend Condition operator!(const Condition& condition) {
    return Condition(AnyCondition::none(condition.condition_));
  }

 private:
  AnyCondition condition_;
};

// A step along a reference to a record of another tree.
struct Hop {
  FieldId reference;
  TreeId target;
  SchemaFunction schema = nullptr;
  // Whether it is the same step.
  bool operator==(const Hop& other) const {
    return reference == other.reference && target == other.target;
  }
};

namespace detail {

template <typename V>
constexpr bool kIsReference = false;
template <typename S>
constexpr bool kIsReference<schema::Ref<S>> = true;

template <typename V>
constexpr bool kIsText = std::same_as<V, capnp::Text>;
template <typename V>
constexpr bool kIsBytes = kIsText<V> || std::same_as<V, capnp::Data>;
// Has values that can be told apart.
template <typename V>
constexpr bool kHasValues = !std::same_as<V, capnp::Void>;
// Has values with an order.
template <typename V>
constexpr bool kHasOrder = kHasValues<V> && !kIsReference<V> && !std::same_as<V, bool>;

}  // namespace detail

template <typename T, typename V>
struct JoinedField;

// What can be asked of a field: base of Field and JoinedField. Of a field with several values one
// that fulfils the condition is enough; of one without a value nothing is true but `!=`.
template <typename F, typename T, typename V>
struct FieldQuestions {
  using Tree = T;
  using Value = V;
  using Argument = typename FieldArgument<V>::Type;

  // There is a value: a text is not empty, a reference refers to something, a list has an element,
  // a member of a union is the one that is set.
  Condition<T> is_set() const { return ask(Test::set, {}); }
  // Both included.
  Condition<T> between(const Argument& from,
                       const Argument& to) const requires detail::kHasOrder<V> {
    return ask(Test::between, {value(from), value(to)});
  }
  Condition<T> one_of(std::initializer_list<Argument> values) const requires detail::kHasValues<V> {
    return one_of(std::span<const Argument>(values.begin(), values.size()));
  }
  Condition<T> one_of(std::span<const Argument> values) const requires detail::kHasValues<V> {
    std::vector<OwnedValue> owned;
    for (const Argument& one : values) owned.push_back(value(one));
    return ask(Test::one_of, std::move(owned));
  }
  // Whatever the case and accents, anywhere in the text.
  Condition<T> contains(std::string_view part) const requires detail::kIsText<V> {
    return ask(Test::contains, {OwnedValue(part)});
  }
  // Byte by byte.
  Condition<T> starts_with(const Argument& beginning) const requires detail::kIsBytes<V> {
    return ask(Test::starts_with, {value(beginning)});
  }
  // All of these words, or words that begin with them, as Snapshot::search finds them.
  Condition<T> matches(std::string_view words) const requires detail::kIsText<V> {
    return ask(Test::matches, {OwnedValue(words)});
  }

  // A field of the record that is referred to; a floating reference means the newest released
  // revision, else the newest.
  template <typename G>
  requires std::same_as<V, schema::Ref<typename G::Tree>> JoinedField<T, typename G::Value> to(
      const G& field)
  const;
  // That record fulfils all of this.
  template <typename S>
  requires std::same_as<V, schema::Ref<S>> Condition<T> to(const Condition<S>& condition)
  const {
    const Hop hop{self().id, TreeOf<S>::id, &TreeOf<S>::schema};
    return led_to(AnyCondition::through(hop.reference, hop.target, condition.any(), hop.schema));
  }

  friend Condition<T> operator==(const F& field,
                                 const Argument& value) requires detail::kHasValues<V> {
    return field.compare(Test::equal, value);
  }
  // The contrary of ==: true where no value is equal, also where there is none.
  friend Condition<T> operator!=(const F& field,
                                 const Argument& value) requires detail::kHasValues<V> {
    return !field.compare(Test::equal, value);
  }
  friend Condition<T> operator<(const F& field,
                                const Argument& value) requires detail::kHasOrder<V> {
    return field.compare(Test::less, value);
  }
  friend Condition<T> operator<=(const F& field,
                                 const Argument& value) requires detail::kHasOrder<V> {
    return field.compare(Test::at_most, value);
  }
  friend Condition<T> operator>(const F& field,
                                const Argument& value) requires detail::kHasOrder<V> {
    return field.compare(Test::greater, value);
  }
  friend Condition<T> operator>=(const F& field,
                                 const Argument& value) requires detail::kHasOrder<V> {
    return field.compare(Test::at_least, value);
  }

 private:
  const F& self() const { return static_cast<const F&>(*this); }
  static OwnedValue value(const Argument& argument) { return OwnedValue(FieldValue(argument)); }
  Condition<T> compare(Test test, const Argument& argument) const {
    return ask(test, {value(argument)});
  }
  Condition<T> ask(Test test, std::vector<OwnedValue> values) const {
    return led_to(AnyCondition::test(self().id, test, std::move(values)));
  }
  // A condition on what the hops lead to, as one on where they begin.
  Condition<T> led_to(AnyCondition condition) const {
    const auto& hops = self().hops();
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop)
      condition =
          AnyCondition::through(hop->reference, hop->target, std::move(condition), hop->schema);
    return Condition<T>(std::move(condition));
  }
};

// A field of the tree of T with values of type V, as generated code names it:
// `shop::PartFields::title`.
template <typename T, typename V>
struct Field : FieldQuestions<Field<T, V>, T, V> {
  FieldId id;

  constexpr explicit Field(std::uint64_t number) : id{number} {}
  static std::span<const Hop> hops() { return {}; }
};

// One that has an index: what Snapshot::find and its kin take.
template <typename T, typename V>
struct IndexedField : Field<T, V> {
  using Field<T, V>::Field;
};

// A field of a record that references lead to, asked for where the first reference is:
// `F::maker.to(C::country)`.
template <typename T, typename V>
struct JoinedField : FieldQuestions<JoinedField<T, V>, T, V> {
  FieldId id;

  JoinedField(std::vector<Hop> hops, FieldId id) : id(id), hops_(std::move(hops)) {}
  const std::vector<Hop>& hops() const { return hops_; }

 private:
  std::vector<Hop> hops_;
};

template <typename F, typename T, typename V>
template <typename G>
requires std::same_as<V, schema::Ref<typename G::Tree>> JoinedField<T, typename G::Value>
FieldQuestions<F, T, V>::to(const G& field)
const {
  using S = typename G::Tree;
  std::vector<Hop> hops(self().hops().begin(), self().hops().end());
  hops.push_back({self().id, TreeOf<S>::id, &TreeOf<S>::schema});
  hops.insert(hops.end(), field.hops().begin(), field.hops().end());
  return {std::move(hops), field.id};
}

}  // namespace coppice
