#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <capnp/message.h>

#include "coppice/error.h"
#include "schema/tree_info.h"

namespace coppice {

// A body as JSON, as Cap'n Proto's JsonCodec writes it: 64-bit numbers are strings, Data a list of
// numbers.
std::string body_to_json(const TreeInfo& tree, std::span<const std::uint64_t> body);

// The way back, for new bodies. Members that the schema does not have are an error here (the codec
// alone would drop them, and with them what a user typed). Never for editing a stored record: a
// text cannot hold fields that are unknown to the schema. Errors: invalid, with the reason.
Result<std::vector<std::uint64_t>> body_from_json(const TreeInfo& tree, std::string_view json);

// Sets the members that an object names in a body that is being edited, and leaves all others as
// they are, fields that the schema does not know among them. In a struct that is there already,
// too; a list is replaced as a whole. Errors: as body_from_json; then some members may be set.
Result<void> merge_json(const TreeInfo& tree, std::string_view json, capnp::MessageBuilder& body);

}  // namespace coppice
