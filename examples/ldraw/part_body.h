#pragma once

#include <vector>

#include <coppice/client.h>

#include "examples/ldraw/library.h"

#include "catalogue.capnp.h"
#include "catalogue.coppice.h"

namespace ldraw {

// The first revision of each part of the library, by PartIndex; no key: not created yet.
using PartKeys = std::vector<PartKey>;

// The lifecycle states of a part, as catalogue.capnp describes them.
inline constexpr std::uint16_t kReleased = 100;
inline constexpr std::uint16_t kNewerRevision = 200;
inline constexpr std::uint16_t kSuperseded = 300;

inline coppice::Revision revision_of(RevisionIndex index) { return {index.revision + 1}; }
inline PartKey key_of(const PartKeys& keys, RevisionIndex index) {
  return keys[index.part].at(revision_of(index));
}

// Writes what the library says of one revision, over whatever is there. A part that was never
// published gets its number only. REQUIRES: all that the revision refers to has a key.
void fill_part(Part::Builder body, const Library& library, RevisionIndex index,
               const PartKeys& keys);
void fill_transform(Transform::Builder body, const LibraryTransform& transform);

// Cap'n Proto's texts know their length, and need not be counted again.
inline capnp::Text::Reader as_text(const std::string& text) { return {text.data(), text.size()}; }

}  // namespace ldraw
