#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace ldraw {

// A file cannot be used at all: it is missing, cut off, damaged, or is another table. The message
// names it.
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The lines of a text file, one after the other; of a file called *.zst, those of the text that is
// compressed in it. Memory: two buffers and the longest line, whatever the file's size.
class LineReader {
 public:
  // Throws FileError, as next() does.
  explicit LineReader(std::filesystem::path file);
  LineReader(const LineReader&) = delete;
  ~LineReader();

  // The next line without its end, valid until the next call; nothing at the end. The last line
  // needs no newline.
  std::optional<std::string_view> next();
  // The number of the line that next() gave last; the first is 1.
  std::uint64_t number() const;
  const std::filesystem::path& file() const;

 private:
  class Source;
  std::unique_ptr<Source> source_;
};

}  // namespace ldraw
