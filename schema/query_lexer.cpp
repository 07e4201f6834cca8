#include "schema/query_lexer.h"

#include "schema/query_words.h"

namespace coppice {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::size_t QueryLexer::column(std::size_t byte) const {
  std::size_t column = 1;
  for (std::size_t i = 0; i < byte && i < text_.size(); ++i)
    column += !continues_character(text_[i]);
  return column;
}

void QueryLexer::fail(std::size_t byte, std::string message) const {
  throw QueryMistake{column(byte), std::move(message)};
}

QueryToken QueryLexer::finish(QueryToken::Kind kind, std::size_t begin, std::string text) const {
  return {kind, std::move(text), begin, position_};
}

QueryToken QueryLexer::next() {
  while (is_blank(at())) ++position_;
  if (position_ == text_.size()) return finish(QueryToken::Kind::end, position_, {});
  const char c = at();
  if (c == 'x' && at(1) == '"') return data();
  if (is_name_begin(c)) return word_or_key();
  if (c == '`') return backticks();
  if (c == '"' || c == '\'') return quoted();
  if (is_digit(c) || ((c == '-' || c == '+') && (is_digit(at(1)) || is_name_begin(at(1)))))
    return number();
  return symbol();
}

// "parts:4711.2" is a key; anything else a word. Names of trees may have '-' in them.
QueryToken QueryLexer::word_or_key() {
  const std::size_t begin = position_;
  std::size_t end = begin;
  while (end < text_.size() && (is_name_part(text_[end]) || text_[end] == '-')) ++end;
  if (end + 1 < text_.size() && text_[end] == ':' && is_digit(text_[end + 1])) {
    ++end;
    while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.')) ++end;
    position_ = end;
    return finish(QueryToken::Kind::key, begin, std::string(text_.substr(begin, end - begin)));
  }
  while (is_name_part(at())) ++position_;
  return finish(QueryToken::Kind::word, begin, std::string(text_.substr(begin, position_ - begin)));
}

QueryToken QueryLexer::backticks() {
  const std::size_t begin = position_++;
  const std::size_t end = text_.find('`', position_);
  if (end == std::string_view::npos)
    fail(begin, "the name that begins here has no second backtick.");
  std::string name(text_.substr(position_, end - position_));
  position_ = end + 1;
  return finish(QueryToken::Kind::name, begin, std::move(name));
}

// As far as it may be part of a number or of "-inf"; whoever wants one judges it.
QueryToken QueryLexer::number() {
  const std::size_t begin = position_++;
  while (is_name_part(at()) || at() == '.' ||
         ((at() == '-' || at() == '+') && (text_[position_ - 1] | 0x20) == 'e'))
    ++position_;
  return finish(QueryToken::Kind::number, begin,
                std::string(text_.substr(begin, position_ - begin)));
}

QueryToken QueryLexer::quoted() {
  const std::size_t begin = position_++;
  std::string text = until(text_[begin]);
  return finish(QueryToken::Kind::text, begin, std::move(text));
}

QueryToken QueryLexer::data() {
  const std::size_t begin = position_;
  position_ += 2;
  std::string bytes;
  while (at() != '"') {
    const int high = hex_digit(at()), low = high < 0 ? -1 : hex_digit(at(1));
    if (low < 0)
      fail(position_, "expected two hexadecimal digits, or the quote that ends the data.");
    bytes += static_cast<char>(16 * high + low);
    position_ += 2;
  }
  ++position_;
  return finish(QueryToken::Kind::data, begin, std::move(bytes));
}

// The rest of a text whose first quote was passed, without the escapes in it.
std::string QueryLexer::until(char quote) {
  const std::size_t begin = position_ - 1;
  std::string text;
  while (position_ < text_.size() && at() != quote) {
    text += at() == '\\' ? escaped() : at();
    ++position_;
  }
  if (position_ == text_.size()) fail(begin, "the text that begins here has no second quote.");
  ++position_;
  return text;
}

// The character that an escape stands for; stays on its last one.
char QueryLexer::escaped() {
  switch (at(1)) {
    case 'n':
      ++position_;
      return '\n';
    case 'r':
      ++position_;
      return '\r';
    case 't':
      ++position_;
      return '\t';
    case '"':
    case '\'':
    case '\\':
      return text_[++position_];
    case 'x': {
      const int high = hex_digit(at(2)), low = hex_digit(at(3));
      if (high < 0 || low < 0) break;
      position_ += 3;
      return static_cast<char>(16 * high + low);
    }
    default:
      break;
  }
  fail(position_, R"(expected one of \" \' \\ \n \r \t \x41.)");
}

QueryToken QueryLexer::symbol() {
  const std::size_t begin = position_;
  const std::string_view two = text_.substr(begin, 2);
  const bool is_pair = two == "!=" || two == "<=" || two == ">=" || two == "==" || two == "<>";
  const std::string_view symbol = is_pair ? two : text_.substr(begin, 1);
  if (!is_pair && std::string_view("=<>(),.@").find(symbol) == std::string_view::npos) {
    std::size_t end = begin + 1;
    while (end < text_.size() && continues_character(text_[end])) ++end;
    fail(begin, "'" + std::string(text_.substr(begin, end - begin)) +
                    "' means nothing here. Texts are written in quotes.");
  }
  position_ += symbol.size();
  // Habits of other languages.
  return finish(QueryToken::Kind::symbol, begin,
                symbol == "=="   ? "="
                : symbol == "<>" ? "!="
                                 : std::string(symbol));
}

}  // namespace coppice
