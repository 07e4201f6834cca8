#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <capnp/schema.capnp.h>

#include "coppice/error.h"

namespace coppice {

// A body that passed BodyShape::check: canonical, every pointer in bounds, every pointer field of
// the kind its schema says. It may be stored, and read with readMessageUnchecked. Not checked: what
// the values mean (ranges, references that exist). A view of the bytes it was made from, or of the
// scratch buffer given to check().
class CheckedBody {
 public:
  std::span<const std::uint64_t> words() const { return words_; }

 private:
  friend class BodyShape;
  explicit CheckedBody(std::span<const std::uint64_t> words) : words_(words) {}
  std::span<const std::uint64_t> words_;
};

// What of a struct's layout must hold for its bodies to be read without checks: which pointer slots
// hold what.
//
// Compiled once from schema nodes, immutable, shared by threads. A check walks a body once, in
// about 100 ns for a small record.
class BodyShape {
 public:
  // A body larger than this is refused: it would not fit a frame together with anything else.
  static constexpr std::size_t kBodyBytesMax = 16u << 20;
  // Deeper nesting than this is refused: readers recurse.
  static constexpr int kDepthMax = 64;
  // A body's lists may have this many elements of no size (Void, structs with nothing set) in all.
  // They take no bytes, so a few words could stand for a billion of them. More than a table of not
  // yet filled lines needs.
  static constexpr std::size_t kEmptyElementsMax = 1u << 16;

  // Throws kj::Exception if the nodes do not fit together: a group or a field's struct that is
  // missing or not what it should be, a node that is there twice. REQUIRES: `root` is a struct
  // among the nodes.
  BodyShape(std::uint64_t root, capnp::List<capnp::schema::Node>::Reader nodes);
  ~BodyShape();
  BodyShape(BodyShape&&) noexcept;
  BodyShape& operator=(BodyShape&&) noexcept;

  // Outside bytes become a trusted body. Bytes that are valid Cap'n Proto but not canonical are
  // copied in canonical form into `scratch`, of which the result is then a view. Errors: invalid.
  // REQUIRES: `bytes` is 8-byte aligned.
  Result<CheckedBody> check(std::span<const std::byte> bytes,
                            std::vector<std::uint64_t>& scratch) const;

  // For a body that comes out of our own store and is trusted already.
  static CheckedBody trusted(std::span<const std::uint64_t> words) { return CheckedBody(words); }

  struct Struct;

 private:
  std::vector<std::unique_ptr<Struct>> structs_;
  const Struct* root_ = nullptr;
};

// The canonical single segment of a message's root, as it is stored.
std::vector<std::uint64_t> canonical_words(capnp::AnyStruct::Reader root);

}  // namespace coppice
