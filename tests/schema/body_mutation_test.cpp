// Thousands of bodies with small damages. Whatever passes the check must be as good as a body that
// never was damaged.
#include <random>

#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

constexpr int kMutationsPerBody = 3000;

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  Words damaged(Words body) {
    for (auto rounds = 1 + below(3); rounds > 0 && !body.empty(); --rounds) damage(body);
    return body;
  }

 private:
  void damage(Words& body) {
    std::uint64_t& word = body[below(body.size())];
    switch (below(9)) {
      case 0:
        word ^= std::uint64_t{1} << below(64);
        break;
      case 1:
        word = random_();
        break;
      case 2:
        word = 0;
        break;
      case 3:
        word = body[below(body.size())];
        break;
      case 4:
        word += (below(9) - 4) << 2;
        break;  // a pointer's offset
      case 5:
        word += (below(5) - 2) << 32;
        break;  // its kind of element, or data section
      case 6:
        word += (below(5) - 2) << (below(2) ? 35 : 48);
        break;  // its count, or pointer section
      case 7:
        body.insert(body.begin() + below(body.size()), below(2) ? 0 : random_());
        break;
      default:
        body.erase(body.begin() + below(body.size()));
        break;
    }
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  std::mt19937_64 random_;
};

// A tree whose schema knows no field: its check is about layout alone, as Cap'n Proto's own is.
const TreeInfo& no_fields() {
  static const TreeInfoPtr tree = tree_in("struct T $Coppice.tree(name = \"t\") {}", "t");
  return *tree;
}

void call_with_damaged_bodies(std::uint32_t seed, const std::function<void(const Words&)>& call) {
  Mutator mutator(seed);
  for (const Words& body : parts_of_all_kinds()) {
    for (int i = 0; i < kMutationsPerBody; ++i) call(mutator.damaged(body));
  }
}

std::string hex(const Words& words) {
  std::string text;
  char word[24];
  for (auto value : words) {
    std::snprintf(word, sizeof word, "0x%016llx, ", static_cast<unsigned long long>(value));
    text += word;
  }
  return text;
}

bool accepted_in_place(const TreeInfo& tree, const Words& body) {
  Words scratch;
  auto checked = tree.shape().check(bytes_of(body), scratch);
  return checked && checked->words().data() == body.data();
}

// Of no elements, or of elements of no size.
bool is_list_of_nothing(std::uint64_t pointer) {
  return (pointer & 3) == 1 && ((pointer >> 32 & 7) == 0 || pointer >> 35 == 0);
}

// Why a body that Cap'n Proto calls canonical is not accepted in place, by a schema without fields;
// empty if there is no reason. Cap'n Proto is less strict in these cases only.
std::string known_difference(const Words& body) {
  if (body.at(0) == 0) return "a null root is written as an empty struct";
  if ((body.at(0) & 3) == 1) return "a root is a struct";
  const std::string why = refusal(no_fields(), body);
  // The pointer of a list of nothing may have any offset, and its length any size, for Cap'n Proto.
  if (why == "it has too many list elements that hold nothing") return why;
  if (why.starts_with("Exceeded message traversal limit"))
    return "a list of nothing is too long and misplaced";
  // It does not look at the highest bit of a list's number of structs.
  if (why == "a list's size contradicts its tag") return why;
  if (!why.empty()) return "";
  const Words copied = accepted(no_fields(), body);
  if (copied.size() != body.size()) return "";
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (copied[i] != body[i] && !is_list_of_nothing(body[i])) return "";
  }
  return "a list of nothing is misplaced";
}

}  // namespace

TEST_CASE("whatever the check accepts is canonical, and readable to the end", "[schema]") {
  const std::uint32_t seed = GENERATE(1u, 2u, 3u);
  const TreeInfo& parts = tree_of<shop::Part>();
  auto newer = newer_tree_in_shop("parts");
  int passed = 0;
  call_with_damaged_bodies(seed, [&](const Words& body) {
    Words scratch;
    auto checked = parts.shape().check(bytes_of(body), scratch);
    if (!checked) return;
    ++passed;
    // A copy of exactly its size, so that the address sanitizer sees any read behind its end.
    const Words stored(checked->words().begin(), checked->words().end());
    std::string thrown;
    try {
      read_everything(parts, stored);
    } catch (const kj::Exception& e) {
      thrown = e.getDescription().cStr();
    }
    if (!thrown.empty() || canonical_again(stored) != stored || !accepted_in_place(parts, stored)) {
      FAIL_CHECK("seed " << seed << ": " << thrown << "\n" << hex(body));
    }
    // Not of the kinds that the newer schema says, perhaps, but within its bounds.
    try {
      read_everything(*newer, stored);
    } catch (const kj::Exception&) {
      ++passed;
    }
  });
  CHECK(passed > kMutationsPerBody);
}

TEST_CASE("the check and Cap'n Proto agree about what is canonical, but for known differences",
          "[schema]") {
  const std::uint32_t seed = GENERATE(11u, 12u);
  int agreed = 0;
  call_with_damaged_bodies(seed, [&](const Words& body) {
    const bool ours = accepted_in_place(no_fields(), body);
    const bool theirs = capnp_calls_canonical(body);
    if (ours == theirs) {
      ++agreed;
    } else if (ours) {
      FAIL_CHECK("seed " << seed << ": only we accept\n" << hex(body));
    } else if (known_difference(body).empty()) {
      FAIL_CHECK("seed " << seed << ": only Cap'n Proto accepts\n" << hex(body));
    }
  });
  CHECK(agreed > 10 * kMutationsPerBody);
}

}  // namespace coppice::test
