#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "schema/body_shape.h"

namespace coppice {

// Cap'n Proto's element size codes (encoding specification, "Lists").
enum class ElementSize : std::uint8_t {
  empty,
  bit,
  byte1,
  byte2,
  byte4,
  byte8,
  pointer,
  composite
};

// A field exists only where the 16-bit word at this offset (in units of 16 bits) of the data
// section has this value.
struct Discriminant {
  std::uint32_t offset;
  std::uint16_t value;
};

// What a pointer may point at.
struct Content {
  enum class Kind {
    none,     // not a pointer
    nothing,  // must be null (capabilities cannot be stored)
    any,      // anything well-formed
    text,
    data,
    structure,  // `structure`, or anything if that is null
    list,       // `element_size`, and if those are pointers or structs, `element`
  };
  Kind kind = Kind::none;
  const BodyShape::Struct* structure = nullptr;
  ElementSize element_size = ElementSize::empty;
  std::shared_ptr<Content> element = nullptr;
};

struct BodyShape::Struct {
  struct Slot {
    std::uint32_t pointer;
    std::vector<Discriminant> when;
    Content content;
  };
  std::vector<Slot> slots;
};

// One walk over one body, against its shape.
//
// The canonical form (capnproto.org/encoding.html, "Canonicalization") lays objects out in preorder
// with no gap. So each object must start exactly where the last one ended: overlaps, cycles, far
// pointers, hidden words and amplification cannot even be expressed, and one pass in memory order
// is enough.
class BodyWalk {
 public:
  enum class Outcome { good, not_canonical, wrong };
  struct Verdict {
    Outcome outcome = Outcome::good;
    const char* why = "";
  };

  explicit BodyWalk(std::span<const std::uint64_t> words) : words_(words) {}
  Verdict run(const BodyShape::Struct& root);

 private:
  struct Section {
    std::size_t start;
    std::uint32_t data;
    std::uint32_t pointers;
  };

  bool pointer(std::size_t at, const Content& content, int depth);
  bool struct_pointer(std::size_t at, const Content& content, int depth);
  bool list_pointer(std::size_t at, const Content& content, int depth);
  bool composite_list(std::size_t start, std::uint64_t words, const Content& content, int depth);
  bool pointer_list(std::size_t start, std::uint64_t count, const Content& content, int depth);
  bool flat_list(std::size_t start, ElementSize size, std::uint64_t count, const Content& content);
  bool take_empty(std::uint64_t count);
  bool pointers_of(Section section, const BodyShape::Struct* shape, int depth);
  const Content& content_at(std::uint32_t index, Section section,
                            const BodyShape::Struct* shape) const;
  bool present(const BodyShape::Struct::Slot& slot, Section section) const;
  bool take(std::uint64_t words);
  bool not_canonical(const char* why);
  bool wrong(const char* why);

  std::span<const std::uint64_t> words_;
  std::uint64_t empty_elements_ = 0;
  std::size_t next_ = 1;  // where the next object must start
  Verdict verdict_;
};

}  // namespace coppice
