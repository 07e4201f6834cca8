#include "examples/ldraw/line_reader.h"

#include <vector>

#include "tests/examples/folder.h"
#include "tests/support/catch.h"

using Catch::Matchers::ContainsSubstring;

namespace ldraw {
namespace {

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  LineReader reader(file);
  std::vector<std::string> lines;
  while (const auto line = reader.next()) lines.emplace_back(*line);
  CHECK(reader.number() == lines.size());
  return lines;
}

// Longer than any buffer, and not all alike.
std::string many_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  return text;
}

TEST_CASE("a text file is read line by line", "[examples]") {
  const Folder folder;
  CHECK(lines_of(folder.write("a.tsv", "one\ntwo\n\nfour\n")) ==
        std::vector<std::string>{"one", "two", "", "four"});
}

TEST_CASE("the last line of a file needs no newline", "[examples]") {
  const Folder folder;
  CHECK(lines_of(folder.write("a.tsv", "one\ntwo")) == std::vector<std::string>{"one", "two"});
}

TEST_CASE("an empty file has no lines", "[examples]") {
  const Folder folder;
  CHECK(lines_of(folder.write("a.tsv", "")).empty());
}

TEST_CASE("a compressed file has the lines of the text in it", "[examples]") {
  const Folder folder;
  const std::string text = many_lines(100000);
  CHECK(lines_of(folder.write_compressed("a.tsv.zst", text)) ==
        lines_of(folder.write("a.tsv", text)));
}

TEST_CASE("a file compressed with a long window is read", "[examples]") {
  const Folder folder;
  CHECK(lines_of(folder.write_compressed("a.tsv.zst", "one\ntwo\n")).size() == 2);
}

TEST_CASE("a compressed file that is cut off is refused by name", "[examples]") {
  const Folder folder;
  const std::string whole = Folder::compressed(many_lines(100000));
  const auto file = folder.write("a.tsv.zst", whole.substr(0, whole.size() / 2));
  CHECK_THROWS_WITH(lines_of(file), ContainsSubstring("a.tsv.zst ends in the middle of"));
}

TEST_CASE("a file that is not compressed as its name says is refused", "[examples]") {
  const Folder folder;
  CHECK_THROWS_WITH(lines_of(folder.write("a.tsv.zst", "one\ntwo\n")),
                    ContainsSubstring("a.tsv.zst is damaged"));
}

TEST_CASE("a file that is missing is refused by name", "[examples]") {
  const Folder folder;
  CHECK_THROWS_AS(LineReader(folder.path() / "a.tsv"), FileError);
  CHECK_THROWS_WITH(LineReader(folder.path() / "a.tsv"),
                    ContainsSubstring("a.tsv cannot be opened: No such file"));
}

TEST_CASE("a folder is no file of lines", "[examples]") {
  const Folder folder;
  CHECK_THROWS_AS(LineReader(folder.path()), FileError);
}

TEST_CASE("a file without line ends is given up before it fills the memory", "[examples]") {
  const Folder folder;
  CHECK_THROWS_WITH(lines_of(folder.write("a.tsv", std::string(3 << 20, 'x'))),
                    ContainsSubstring("more than a megabyte"));
}

}  // namespace
}  // namespace ldraw
