#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace coppice {

// The 64-bit Cap'n Proto type id of a tree's struct: the tree's identity for ever, whatever it is
// called.
struct TreeId {
  std::uint64_t value = 0;
  auto operator<=>(const TreeId&) const = default;
};

// Names a record of one tree with all its revisions. 40 bits; 0 is no record.
struct RecordId {
  std::uint64_t value = 0;
  auto operator<=>(const RecordId&) const = default;
};
inline constexpr std::uint64_t kRecordIdMax = (std::uint64_t{1} << 40) - 1;

// 1, 2, 3 ...; 24 bits. 0 floats: "the newest released revision, else the newest".
struct Revision {
  std::uint32_t value = 0;
  auto operator<=>(const Revision&) const = default;
};
inline constexpr std::uint32_t kRevisionMax = (std::uint32_t{1} << 24) - 1;

// (id, revision) in one 64-bit word, id above revision, so that the revisions of a record are
// neighbours in key order. Stored and sent: the layout never changes. 0 is no key.
struct KeyWord {
  std::uint64_t value = 0;

  constexpr KeyWord() = default;
  constexpr explicit KeyWord(std::uint64_t word) : value(word) {}
  // REQUIRES: id <= kRecordIdMax and revision <= kRevisionMax; more bits are cut off.
  constexpr KeyWord(RecordId id, Revision revision)
      : value(((id.value & kRecordIdMax) << 24) | (revision.value & kRevisionMax)) {}

  constexpr RecordId id() const { return {value >> 24}; }
  constexpr Revision revision() const { return {static_cast<std::uint32_t>(value & kRevisionMax)}; }
  constexpr bool floats() const { return revision().value == 0; }
  constexpr explicit operator bool() const { return value != 0; }
  auto operator<=>(const KeyWord&) const = default;
};

// What codegen specialises for every struct that is a tree: id, name, versioned, schema().
template <typename T>
struct TreeOf;

// A key of the tree whose body is T. Keys of different trees are different types.
template <typename T>
struct Key {
  KeyWord word;

  constexpr Key() = default;
  constexpr explicit Key(KeyWord w) : word(w) {}
  constexpr Key(RecordId id, Revision revision) : word(id, revision) {}

  constexpr RecordId id() const { return word.id(); }
  constexpr Revision revision() const { return word.revision(); }
  // The same record, whatever revision is newest: what a floating reference holds.
  constexpr Key floating() const { return Key(word.id(), Revision{0}); }
  constexpr Key at(Revision revision) const { return Key(word.id(), revision); }
  constexpr explicit operator bool() const { return static_cast<bool>(word); }
  auto operator<=>(const Key&) const = default;
};

// A key with its tree, for code that serves every tree: tools, events, refusals.
struct AnyKey {
  TreeId tree;
  KeyWord word;

  constexpr AnyKey() = default;
  constexpr AnyKey(TreeId t, KeyWord w) : tree(t), word(w) {}
  template <typename T>
  constexpr AnyKey(Key<T> key)
      : tree(TreeOf<T>::id), word(key.word) {}  // NOLINT: widening, as Key is narrower

  constexpr RecordId id() const { return word.id(); }
  constexpr Revision revision() const { return word.revision(); }
  // Names the record, all revisions.
  constexpr AnyKey record() const { return {tree, KeyWord(word.id(), Revision{0})}; }
  auto operator<=>(const AnyKey&) const = default;
};

// The text form of a key without its tree: "4711.2"; "4711" when it floats.
std::string to_string(KeyWord word);
// Accepts exactly what to_string writes. Nothing for anything else, 0 and out of range included.
std::optional<KeyWord> parse_key_word(std::string_view text);

// "parts:4711.2" split into "parts" and the word. Nothing if it is not of this form; the tree's
// name is not looked up.
struct KeyText {
  std::string tree;
  KeyWord word;
  auto operator<=>(const KeyText&) const = default;
};
std::optional<KeyText> parse_key(std::string_view text);
std::string format_key(std::string_view tree, KeyWord word);

}  // namespace coppice

template <>
struct std::hash<coppice::AnyKey> {
  std::size_t operator()(const coppice::AnyKey& key) const noexcept {
    // Fibonacci hashing: ids grow by one, so the multiplication spreads neighbours.
    return (key.word.value ^ (key.tree.value >> 7)) * 0x9e3779b97f4a7c15ull;
  }
};
template <>
struct std::hash<coppice::TreeId> {
  std::size_t operator()(coppice::TreeId tree) const noexcept { return tree.value; }
};
