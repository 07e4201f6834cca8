#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace coppice {

// A text as search compares it: no case, no accents, compatible forms made one ("Ångström" and
// "angstrom", "ß" and "ss"). What is not valid UTF-8 keeps its bytes, but for ASCII letters.
std::string fold(std::string_view text);

// Walks the words of a folded text: runs of letters and digits. "R-0603" has two.
// `for (WordWalk w(folded); w; w.next()) use(w.word());`. Valid as long as the text.
class WordWalk {
 public:
  // Longer words are cut off: nobody types more of one.
  static constexpr std::size_t kWordBytesMax = 48;

  explicit WordWalk(std::string_view folded) : rest_(folded) { next(); }
  explicit operator bool() const { return !word_.empty(); }
  void next();
  std::string_view word() const { return word_; }
  // The walk's first word, or a later one.
  bool is_first() const { return count_ == 1; }
  // Nothing but this word is in the text.
  bool is_whole() const { return count_ == 1 && is_alone_; }

 private:
  std::string_view rest_;
  std::string_view word_;
  std::size_t count_ = 0;
  bool is_alone_ = false;
};

// How good a hit on a word of a text is: the best have the lowest. Stored: never renumber.
enum class WordClass : unsigned char {
  whole = 0,  // the text is this word
  first = 1,  // the text begins with it
  inside = 2,
};
inline WordClass word_class(const WordWalk& walk) {
  if (walk.is_whole()) return WordClass::whole;
  return walk.is_first() ? WordClass::first : WordClass::inside;
}

}  // namespace coppice
