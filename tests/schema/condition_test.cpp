// Conditions as C++ writes them, put to bodies.
#include "coppice/condition.h"

#include <limits>
#include <map>

#include "coppice/ref.h"
#include "depot.coppice.h"
#include "schema/condition_program.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"
#include "tests/support/result_text.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using depot::Article;
using depot::Firm;
using depot::Kind;
using A = depot::ArticleFields;
using F = depot::FirmFields;

Catalogue depot_catalogue() {
  Catalogue catalogue;
  catalogue.put(TreeInfo::parse(TreeOf<Article>::schema()).value());
  catalogue.put(TreeInfo::parse(TreeOf<Firm>::schema()).value());
  return catalogue;
}

// Firms by their keys; a floating key leads to the revision 1.
struct Firms final : RecordSource {
  std::optional<std::span<const std::uint64_t>> body(AnyKey key) override {
    ++asked;
    const auto found = bodies.find(key.word.floats() ? KeyWord(key.id(), Revision{1}) : key.word);
    if (key.tree != TreeOf<Firm>::id || found == bodies.end()) return std::nullopt;
    return found->second;
  }
  std::map<KeyWord, Words> bodies;
  int asked = 0;
};

constexpr Key<Firm> firm(std::uint64_t id) { return Key<Firm>(RecordId{id}, Revision{1}); }

bool fulfils(const AnyCondition& condition, const Words& body, RecordSource& source) {
  const Catalogue catalogue = depot_catalogue();
  QueryTrees trees(catalogue);
  const auto program = ConditionProgram::compile(condition, TreeOf<Article>::id, nullptr, trees);
  REQUIRE(program);
  return ConditionRun(*program, source).fulfils(body);
}

// Whether an article that `fill` makes fulfils a condition.
struct Asked {
  template <typename Fill>
  explicit Asked(Fill fill) : body(body_of<Article>(fill)) {}
  bool operator()(const Condition<Article>& condition) {
    return fulfils(condition.any(), body, firms);
  }
  Words body;
  Firms firms;
};

std::string refusal(const AnyCondition& condition) {
  const Catalogue catalogue = depot_catalogue();
  QueryTrees trees(catalogue);
  const auto program = ConditionProgram::compile(condition, TreeOf<Article>::id, nullptr, trees);
  return program ? "" : program.error().message;
}

template <typename V>
AnyCondition test_of(Field<Article, V> field, Test test, std::vector<OwnedValue> values) {
  return AnyCondition::test(field.id, test, std::move(values));
}

}  // namespace

TEST_CASE("numbers are compared in their order", "[schema]") {
  Asked is([](auto article) {
    article.setPrice(-5);
    article.setWeight(1.5f);
    article.setKind(Kind::MADE);
    article.setPrecise(-2.5);
  });
  CHECK(is(A::price == -5));
  CHECK_FALSE(is(A::price == 5));
  CHECK(is(A::price != 5));
  CHECK(is(A::price < 0));
  CHECK(is(A::price <= -5));
  CHECK_FALSE(is(A::price < -5));
  CHECK(is(A::price > -6));
  CHECK_FALSE(is(A::price > -5));
  CHECK(is(A::price >= -5));
  CHECK(is(A::price.between(-5, 0)));
  CHECK_FALSE(is(A::price.between(0, -5)));
  CHECK(is(A::price.one_of({3, -5})));
  CHECK_FALSE(is(A::price.one_of({})));
  CHECK(is(A::weight == 1.5f));
  CHECK(is(A::weight < 2));
  CHECK(is(A::precise < -2));
  CHECK(is(A::kind == Kind::MADE));
  CHECK(is(A::kind.one_of({Kind::MADE, Kind::FOUND})));
  CHECK(is(A::obsolete == false));
  CHECK(is(A::size::length == 10));
  CHECK(is(A::price > std::numeric_limits<std::int64_t>::min()));
  CHECK_FALSE(is(A::price < std::numeric_limits<std::int64_t>::min()));
}

TEST_CASE("texts are compared by bytes, and looked into without case and accents", "[schema]") {
  Asked is([](auto article) {
    article.setTitle("Müller's 10K Resistor");
    const kj::byte code[] = {1, 0, 2};
    article.setBarcode(kj::arrayPtr(code, 3));
  });
  CHECK(is(A::title == "Müller's 10K Resistor"));
  CHECK_FALSE(is(A::title == "müller's 10k resistor"));
  CHECK(is(A::title > "M"));
  CHECK(is(A::title < "N"));
  CHECK(is(A::title.between("M", "N")));
  CHECK(is(A::title.starts_with("M\xc3")));
  CHECK_FALSE(is(A::title.starts_with("m")));
  CHECK(is(A::title.contains("muller")));
  CHECK(is(A::title.contains("10k res")));
  CHECK_FALSE(is(A::title.contains("10k  res")));
  CHECK(is(A::title.contains("")));
  CHECK(is(A::title.matches("res mul")));
  CHECK_FALSE(is(A::title.matches("sistor")));
  CHECK(is(A::title.matches("")));
  CHECK(is(A::title.one_of({"a", "Müller's 10K Resistor"})));
  const std::byte bytes[] = {std::byte{1}, std::byte{0}, std::byte{2}};
  CHECK(is(A::barcode == std::span(bytes)));
  CHECK(is(A::barcode.starts_with(std::span(bytes).first(2))));
}

TEST_CASE("of what is unset nothing is true but that it is not equal", "[schema]") {
  Asked is([](auto) {});
  CHECK_FALSE(is(A::title == ""));
  CHECK(is(A::title != ""));
  CHECK(is(A::title != "x"));
  CHECK_FALSE(is(A::title < "x"));
  CHECK_FALSE(is(A::title.contains("")));
  CHECK_FALSE(is(A::title.is_set()));
  CHECK(is(A::price.is_set()));
  CHECK_FALSE(is(A::maker.is_set()));
  CHECK_FALSE(is(A::keywords.is_set()));
  CHECK_FALSE(is(A::place::shelf == 0));
  CHECK(is(A::place::shelf != 0));
}

TEST_CASE("the members of a union are there or not", "[schema]") {
  Asked is([](auto article) { article.setAddress("Main St"); });
  CHECK(is(A::address.starts_with("Main")));
  CHECK_FALSE(is(A::nowhere.is_set()));
  CHECK_FALSE(is(A::place::shelf.is_set()));
}

TEST_CASE("one element of a list is enough, and the contrary means all", "[schema]") {
  Asked is([](auto article) {
    auto keywords = article.initKeywords(2);
    keywords.set(0, "red");
    keywords.set(1, "blue");
    auto levels = article.initLevels(2);
    levels.set(0, 1);
    levels.set(1, 9);
  });
  CHECK(is(A::keywords == "blue"));
  CHECK_FALSE(is(A::keywords != "blue"));
  CHECK(is(A::keywords != "green"));
  CHECK(is(A::levels < 5));
  CHECK(is(!(A::levels > 9)));
  CHECK_FALSE(is(A::levels.between(2, 8)));
  CHECK(is(A::levels >= 2 && A::levels <= 8));
}

TEST_CASE("conditions are joined by and, or and not", "[schema]") {
  Asked is([](auto article) { article.setPrice(5); });
  const auto yes = A::price == 5;
  const auto no = A::price == 6;
  CHECK(is(yes && yes));
  CHECK_FALSE(is(yes && no));
  CHECK(is(no || yes));
  CHECK_FALSE(is(no || no));
  CHECK(is(!no));
  CHECK_FALSE(is(!yes));
  CHECK(is(yes && (no || !no)));
  CHECK(is(Condition<Article>()));
}

TEST_CASE("a key stands for what refers to it, fixed or floating", "[schema]") {
  const auto refers = [](Key<Firm> to) {
    return Asked([to](auto article) { refer(article.initMaker(), to); });
  };
  auto fixed = refers(firm(7));
  auto floating = refers(firm(7).floating());
  const auto next = firm(7).at(Revision{2});
  CHECK(fixed(A::maker == firm(7)));
  CHECK(fixed(A::maker == firm(7).floating()));
  CHECK_FALSE(fixed(A::maker == next));
  CHECK(floating(A::maker == firm(7)));
  CHECK(floating(A::maker == next));
  CHECK(floating(A::maker == firm(7).floating()));
  CHECK_FALSE(fixed(A::maker == firm(8).floating()));
  CHECK(fixed(A::maker.one_of({firm(6), firm(7).floating(), next})));
  CHECK_FALSE(refers(firm(7).at(Revision{3}))(A::maker.one_of({firm(6), firm(7), next})));
}

TEST_CASE("a condition follows references, as deep as they go", "[schema]") {
  Asked is([](auto article) {
    refer(article.initMaker(), firm(1).floating());
    auto makers = article.initMakers(2);
    refer(makers[0], firm(2));
    refer(makers[1], firm(9));
  });
  is.firms.bodies[firm(1).word] = body_of<Firm>([](auto f) {
    f.setName("Acme");
    refer(f.initParent(), firm(2));
  });
  is.firms.bodies[firm(2).word] = body_of<Firm>([](auto f) { f.setName("Holding"); });
  CHECK(is(A::maker.to(F::name) == "Acme"));
  CHECK_FALSE(is(A::maker.to(F::name) != "Acme"));
  CHECK(is(A::maker.to(F::parent).to(F::name) == "Holding"));
  CHECK(is(A::maker.to(F::parent.to(F::name)) == "Holding"));
  CHECK(is(A::maker.to(F::parent).is_set()));
  CHECK(is(A::maker.to(F::name == "Acme" && F::parent.to(F::name).starts_with("Hold"))));
  CHECK(is(A::makers.to(F::name).contains("hold")));
  CHECK(is(A::makers.to(!F::parent.is_set())));
  CHECK_FALSE(is(A::makers.to(F::parent).is_set()));
  CHECK(is(!A::makers.to(F::parent).is_set()));
}

TEST_CASE("where many refer to one record, it is looked at once", "[schema]") {
  const Catalogue catalogue = depot_catalogue();
  QueryTrees trees(catalogue);
  const auto condition = A::maker.to(F::name) == "Acme";
  const auto program =
      ConditionProgram::compile(condition.any(), TreeOf<Article>::id, nullptr, trees);
  REQUIRE(program);
  Firms firms;
  firms.bodies[firm(1).word] = body_of<Firm>([](auto f) { f.setName("Acme"); });
  ConditionRun run(*program, firms);
  const auto body = body_of<Article>([](auto article) { refer(article.initMaker(), firm(1)); });
  for (int i = 0; i < 3; ++i) CHECK(run.fulfils(body));
  CHECK(firms.asked == 1);
}

TEST_CASE("what does not fit the schema is refused", "[schema]") {
  using Values = std::vector<OwnedValue>;
  const OwnedValue text{FieldValue("x")};
  const OwnedValue number{FieldValue(1)};
  CHECK_THAT(refusal(test_of(A::price, Test::equal, {text})),
             ContainsSubstring("field 'price' does not go with its type"));
  CHECK(refusal(test_of(A::title, Test::equal, {number})) != "");
  CHECK(refusal(test_of(A::price, Test::contains, {text})) != "");
  CHECK(refusal(test_of(A::barcode, Test::matches, {text})) != "");
  CHECK(refusal(test_of(A::maker, Test::less, {number})) != "");
  CHECK(refusal(test_of(A::price, Test::equal, {})) != "");
  CHECK(refusal(test_of(A::price, Test::between, {number})) != "");
  CHECK(refusal(test_of(A::price, Test::set, {number})) != "");
  CHECK(refusal(test_of(A::price, Test::set, Values{})) == "");
  CHECK_THAT(refusal(AnyCondition::test(FieldId{5}, Test::set, {})),
             ContainsSubstring("a field that tree 'articles' does not have"));
  CHECK_THAT(refusal(AnyCondition::through(A::maker.id, TreeOf<Article>::id, AnyCondition())),
             ContainsSubstring("'maker' of tree 'articles' is no reference"));
  AnyCondition deep;
  for (int i = 0; i < 1000; ++i)
    deep = AnyCondition::none(
        AnyCondition::all({deep, AnyCondition::test(A::price.id, Test::set, {})}));
  CHECK_THAT(refusal(deep), ContainsSubstring("200 deep"));
}

}  // namespace coppice::test
