#include "schema/body_walk.h"

namespace coppice {
namespace {

const Content kAny{Content::Kind::any};

std::int32_t offset_of(std::uint64_t pointer) { return static_cast<std::int32_t>(pointer) >> 2; }

std::uint32_t bits_per_element(ElementSize size) {
  constexpr std::uint32_t bits[] = {0, 1, 8, 16, 32, 64, 64, 0};
  return bits[static_cast<int>(size)];
}

bool is_list_of_structs(const Content& content) {
  return content.kind == Content::Kind::list && content.element_size == ElementSize::composite;
}

}  // namespace

BodyWalk::Verdict BodyWalk::run(const BodyShape::Struct& root) {
  Content content{Content::Kind::structure, &root};
  // An empty struct has an encoding of its own; a body must not have two.
  if (words_[0] == 0)
    not_canonical("its root is null");
  else if (pointer(0, content, 0) && next_ != words_.size())
    not_canonical("it has bytes that belong to nothing");
  return verdict_;
}

bool BodyWalk::pointer(std::size_t at, const Content& content, int depth) {
  std::uint64_t word = words_[at];
  if (word == 0) return true;
  if (content.kind == Content::Kind::nothing) return wrong("it holds a capability");
  if (depth >= BodyShape::kDepthMax) return wrong("it is nested too deeply");
  switch (word & 3) {
    case 0:
      return struct_pointer(at, content, depth);
    case 1:
      return list_pointer(at, content, depth);
    case 2:
      return not_canonical("it has a far pointer");
    default:
      return wrong("it holds a capability");
  }
}

bool BodyWalk::struct_pointer(std::size_t at, const Content& content, int depth) {
  if (content.kind != Content::Kind::structure && content.kind != Content::Kind::any) {
    return wrong("a struct stands where the schema has a list or a text");
  }
  std::uint64_t word = words_[at];
  Section section{next_, static_cast<std::uint16_t>(word >> 32),
                  static_cast<std::uint16_t>(word >> 48)};
  if (section.data == 0 && section.pointers == 0) {
    return offset_of(word) == -1 || not_canonical("an empty struct is not encoded canonically");
  }
  if (static_cast<std::int64_t>(at) + 1 + offset_of(word) != static_cast<std::int64_t>(next_)) {
    return not_canonical("objects are not in canonical order");
  }
  if (!take(section.data + section.pointers)) return false;
  if (section.data > 0 && words_[section.start + section.data - 1] == 0) {
    return not_canonical("a struct has default values at its end");
  }
  if (section.pointers > 0 && words_[section.start + section.data + section.pointers - 1] == 0) {
    return not_canonical("a struct has null pointers at its end");
  }
  return pointers_of(section, content.structure, depth);
}

bool BodyWalk::list_pointer(std::size_t at, const Content& content, int depth) {
  using Kind = Content::Kind;
  std::uint64_t word = words_[at];
  auto size = static_cast<ElementSize>((word >> 32) & 7);
  std::uint64_t count = word >> 35;
  if (content.kind == Kind::structure) return wrong("a list stands where the schema has a struct");
  if (static_cast<std::int64_t>(at) + 1 + offset_of(word) != static_cast<std::int64_t>(next_)) {
    return not_canonical("objects are not in canonical order");
  }
  std::size_t start = next_;
  if (size == ElementSize::composite) {
    if (content.kind == Kind::text || content.kind == Kind::data)
      return wrong("a list stands where the schema has a text");
    return take(count + 1) && composite_list(start, count, content, depth);
  }
  if (!take((count * bits_per_element(size) + 63) / 64)) return false;
  if (size == ElementSize::pointer) return pointer_list(start, count, content, depth);
  return flat_list(start, size, count, content);
}

bool BodyWalk::composite_list(std::size_t start, std::uint64_t words, const Content& content,
                              int depth) {
  std::uint64_t tag = words_[start];
  std::uint64_t count = (tag >> 2) & 0x3fffffff;
  std::uint32_t data = static_cast<std::uint16_t>(tag >> 32);
  std::uint32_t pointers = static_cast<std::uint16_t>(tag >> 48);
  if ((tag & 3) != 0) return wrong("a list has a broken tag");
  if (count * (data + pointers) > words) return wrong("a list's size contradicts its tag");
  if (count * (data + pointers) < words)
    return not_canonical("a list has words that belong to nothing");
  if (count == 0 && data + pointers > 0)
    return not_canonical("an empty list has elements of some size");
  if (data + pointers == 0 && !take_empty(count)) return false;
  const BodyShape::Struct* shape = nullptr;
  if (content.kind == Content::Kind::list) {
    if (content.element_size != ElementSize::composite)
      return wrong("a list of structs stands where the schema has another list");
    if (content.element) shape = content.element->structure;
  }
  bool data_end_used = data == 0 || count == 0;
  bool pointer_end_used = pointers == 0 || count == 0;
  for (std::uint64_t i = 0; i < count && data + pointers > 0; ++i) {
    Section element{start + 1 + i * (data + pointers), data, pointers};
    if (data > 0 && words_[element.start + data - 1] != 0) data_end_used = true;
    if (pointers > 0 && words_[element.start + data + pointers - 1] != 0) pointer_end_used = true;
    if (!pointers_of(element, shape, depth)) return false;
  }
  return (data_end_used && pointer_end_used) ||
         not_canonical("a list's elements have default values at their end");
}

bool BodyWalk::pointer_list(std::size_t start, std::uint64_t count, const Content& content,
                            int depth) {
  const Content* element = &kAny;
  if (content.kind == Content::Kind::text || content.kind == Content::Kind::data) {
    return wrong("a list stands where the schema has a text");
  }
  if (is_list_of_structs(content)) {
    // Written by a schema whose elements were not structs yet; they are the first field now.
    const BodyShape::Struct* shape = content.element ? content.element->structure : nullptr;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!pointers_of({start + i, 0, 1}, shape, depth)) return false;
    }
    return true;
  }
  if (content.kind == Content::Kind::list) {
    if (content.element_size != ElementSize::pointer)
      return wrong("a list of pointers stands where the schema has another list");
    if (content.element) element = content.element.get();
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!pointer(start + i, *element, depth + 1)) return false;
  }
  return true;
}

bool BodyWalk::flat_list(std::size_t start, ElementSize size, std::uint64_t count,
                         const Content& content) {
  using Kind = Content::Kind;
  // Numbers may stand where structs should, as in pointer_list; Cap'n Proto makes an exception of
  // Bool.
  bool may_have_grown = is_list_of_structs(content) && size != ElementSize::bit;
  if (content.kind == Kind::list && content.element_size != size && !may_have_grown) {
    return wrong("a list has elements of another size than its schema");
  }
  if ((content.kind == Kind::text || content.kind == Kind::data) && size != ElementSize::byte1) {
    return wrong("a list stands where the schema has a text");
  }
  auto bytes = reinterpret_cast<const unsigned char*>(words_.data() + start);
  if (content.kind == Kind::text && (count == 0 || bytes[count - 1] != 0))
    return wrong("a text does not end in a zero byte");
  if (size == ElementSize::empty) return take_empty(count);
  std::uint64_t used_bits = count * bits_per_element(size) % 64;
  if (used_bits != 0 && (words_[next_ - 1] >> used_bits) != 0)
    return not_canonical("a list is not padded with zeros");
  return true;
}

bool BodyWalk::pointers_of(Section section, const BodyShape::Struct* shape, int depth) {
  for (std::uint32_t i = 0; i < section.pointers; ++i) {
    if (!pointer(section.start + section.data + i, content_at(i, section, shape), depth + 1))
      return false;
  }
  return true;
}

const Content& BodyWalk::content_at(std::uint32_t index, Section section,
                                    const BodyShape::Struct* shape) const {
  if (!shape) return kAny;
  // Slots are few; several may share one pointer in a union, of which at most one is present.
  for (const auto& slot : shape->slots) {
    if (slot.pointer == index && present(slot, section)) return slot.content;
  }
  return kAny;
}

bool BodyWalk::present(const BodyShape::Struct::Slot& slot, Section section) const {
  for (const auto& condition : slot.when) {
    std::uint16_t actual = 0;
    if (condition.offset / 4 < section.data) {
      actual = static_cast<std::uint16_t>(words_[section.start + condition.offset / 4] >>
                                          (condition.offset % 4 * 16));
    }
    if (actual != condition.value) return false;
  }
  return true;
}

bool BodyWalk::take(std::uint64_t words) {
  if (words > words_.size() - next_) return wrong("a pointer points outside of it");
  next_ += words;
  return true;
}

// Elements of no size have no words, so only this bounds them.
bool BodyWalk::take_empty(std::uint64_t count) {
  empty_elements_ += count;
  return empty_elements_ <= BodyShape::kEmptyElementsMax ||
         wrong("it has too many list elements that hold nothing");
}

bool BodyWalk::not_canonical(const char* why) {
  verdict_ = {Outcome::not_canonical, why};
  return false;
}

bool BodyWalk::wrong(const char* why) {
  verdict_ = {Outcome::wrong, why};
  return false;
}

}  // namespace coppice
