#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <capnp/dynamic.h>
#include <capnp/message.h>

#include "schema/tree_info.h"
#include "shop.coppice.h"

// Bodies of the shop's records, and ways to look at any body.
namespace coppice::test {

using Words = std::vector<std::uint64_t>;

template <typename T>
const TreeInfo& tree_of() {
  static const TreeInfoPtr tree = TreeInfo::parse(TreeOf<T>::schema()).value();
  return *tree;
}

// The canonical body that `fill` makes: `body_of<shop::Part>([](auto part) { part.setTitle("Bolt");
// })`.
template <typename T, typename Fill>
Words body_of(Fill fill) {
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<T>();
  fill(root);
  return canonical_words(root.asReader());
}
// The same by field names, for a schema that was not compiled in.
Words body_of(const TreeInfo& tree, const std::function<void(capnp::DynamicStruct::Builder)>& fill);

// A part with every field set; `made` chooses the union's member that is a struct.
void fill_part(shop::Part::Builder part);
Words full_part();
// One body for each way in which the shop's schema can be used: empty, full, each member of each
// union.
std::vector<Words> parts_of_all_kinds();

// The message's only segment as it was built, mostly not canonical.
Words raw_words(capnp::MallocMessageBuilder& message);

std::span<const std::byte> bytes_of(const Words& words);

// What BodyShape::check says: "" for a body that it accepts, or the reason without the words around
// it.
std::string refusal(const TreeInfo& tree, const Words& words);
// The words of the body that it accepts. Fails the test if it refuses.
Words accepted(const TreeInfo& tree, const Words& words);

// Reads every field, list element and text of a body. Throws what the reader throws; the number
// depends on all of it.
std::uint64_t read_everything(const TreeInfo& tree, std::span<const std::uint64_t> body);

// Cap'n Proto's own opinion of whether the words are canonical.
bool capnp_calls_canonical(const Words& words);
// The canonical form of what a body says, as Cap'n Proto's reader without bounds sees it.
Words canonical_again(std::span<const std::uint64_t> body);

}  // namespace coppice::test
