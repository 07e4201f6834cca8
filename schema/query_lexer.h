#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace coppice {

// What is wrong with a query's text, and where. Thrown inside the parser only.
struct QueryMistake {
  std::size_t column;   // in characters, counted from 1
  std::string message;  // goes on from "Column 9: "
};

// One piece of a query's text.
struct QueryToken {
  enum class Kind {
    end,
    word,    // a name or a word of the language; `text` is it
    name,    // a name in backticks
    number,  // as it is written
    text,    // without quotes and escapes
    data,    // likewise, of x"..."
    key,     // "parts:4711.2"
    symbol,  // = != < <= > >= ( ) , . @
  };
  Kind kind = Kind::end;
  std::string text;
  std::size_t begin = 0;  // in bytes
  std::size_t end = 0;

  bool is(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
  bool is_word(std::string_view word) const { return kind == Kind::word && text == word; }
};

// Takes a query's text apart. Throws QueryMistake. A view of the text.
class QueryLexer {
 public:
  explicit QueryLexer(std::string_view text) : text_(text) {}

  // The next piece; the end again and again.
  QueryToken next();
  // Where a byte is, as people count.
  std::size_t column(std::size_t byte) const;
  // A piece as it is written.
  std::string_view written(const QueryToken& token) const {
    return text_.substr(token.begin, token.end - token.begin);
  }

 private:
  char at(std::size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  QueryToken word_or_key();
  QueryToken backticks();
  QueryToken number();
  QueryToken quoted();
  QueryToken data();
  QueryToken symbol();
  std::string until(char quote);
  char escaped();
  QueryToken finish(QueryToken::Kind kind, std::size_t begin, std::string text) const;
  [[noreturn]] void fail(std::size_t byte, std::string message) const;

  const std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace coppice
