#include "examples/ldraw/tsv.h"

#include "tests/examples/folder.h"
#include "tests/support/catch.h"

using Catch::Matchers::ContainsSubstring;

namespace ldraw {
namespace {

// The first row of a table whose columns are called name, count, colour and size.
class OneRow {
 public:
  explicit OneRow(const std::string& line)
      : reader_(folder_.write("t.tsv", "name\tcount\tcolour\tsize\n" + line + "\n"),
                {"name", "count", "colour", "size"}),
        row_(reader_.next()) {}

  Row* operator->() { return row_; }
  std::string complaint() const { return row_->broken() ? to_string(reader_.bad_line()) : ""; }

 private:
  Folder folder_;
  TsvReader reader_;
  Row* row_;
};

TEST_CASE("the cells of a row are found by the names of their columns", "[examples]") {
  const Folder folder;
  TsvReader reader(folder.write("t.tsv", "a\tb\tc\n1\t2\t3\n"), {"c", "a"});
  Row* row = reader.next();
  REQUIRE(row);
  CHECK(row->text(0) == "3");
  CHECK(row->text(1) == "1");
  CHECK_FALSE(row->broken());
  CHECK_FALSE(reader.next());
}

TEST_CASE("cells are read as text, numbers, colours and reals", "[examples]") {
  OneRow row("3001.dat\t42\t0x2AEE9EF\t-.5");
  CHECK(row->text(0) == "3001.dat");
  CHECK(row->number(1) == 42);
  CHECK(row->colour(2) == 0x2AEE9EF);
  CHECK(row->real(3) == -0.5f);
  CHECK(row.complaint() == "");
}

TEST_CASE("an empty cell is no number where one is optional", "[examples]") {
  OneRow row("a\t\t16\t1");
  CHECK(row->optional_number(1) == std::nullopt);
  CHECK(row->optional_number(2) == 16);
  CHECK(row.complaint() == "");
}

TEST_CASE("a cell that is no number is told with file, line and column", "[examples]") {
  OneRow row("a\ttwo\t16\t1");
  CHECK(row->number(1) == 0);
  CHECK(row.complaint() ==
        "t.tsv:2: column 'count' has 'two', which is no number from 0 to 4294967295");
}

TEST_CASE("a number with something around it is no number", "[examples]") {
  for (const char* cell : {"", " 1", "1 ", "-1", "+1", "1.0", "0x1", "4294967296"}) {
    OneRow row("a\t" + std::string(cell) + "\t16\t1");
    row->number(1);
    CAPTURE(cell);
    CHECK(row.complaint() != "");
  }
}

TEST_CASE("a real that is not finite is no number", "[examples]") {
  for (const char* cell : {"nan", "inf", "1e99", "", "1,5"}) {
    OneRow row("a\t1\t16\t" + std::string(cell));
    row->real(3);
    CAPTURE(cell);
    CHECK(row.complaint() != "");
  }
}

TEST_CASE("the first complaint about a row is the one that is told", "[examples]") {
  OneRow row("a\tone\tred\t1");
  row->number(1);
  row->colour(2);
  row->refuse("something else");
  CHECK_THAT(row.complaint(), ContainsSubstring("'one'"));
}

TEST_CASE("a row with a column too many or too few is broken", "[examples]") {
  CHECK(OneRow("a\t1\t16").complaint() == "t.tsv:2: there are 3 columns instead of 4");
  CHECK(OneRow("a\t1\t16\t1\t").complaint() == "t.tsv:2: there are 5 columns instead of 4");
  CHECK(OneRow("").complaint() == "t.tsv:2: there are 1 columns instead of 4");
}

TEST_CASE("the cells of a row of another width are empty", "[examples]") {
  OneRow row("a\t1");
  CHECK(row->text(3) == "");
  CHECK(row->number(1) == 0);
}

TEST_CASE("a row that is not UTF-8 is broken", "[examples]") {
  CHECK(OneRow("caf\xe9\t1\t16\t1").complaint() == "t.tsv:2: the text is not UTF-8");
  CHECK(OneRow("caf\xc3\xa9\t1\t16\t1").complaint() == "");
}

TEST_CASE("a row after a broken one is whole again", "[examples]") {
  const Folder folder;
  TsvReader reader(folder.write("t.tsv", "a\nx\n7\n"), {"a"});
  reader.next()->number(0);
  CHECK(reader.bad_line().line == 2);
  Row* row = reader.next();
  CHECK(row->number(0) == 7);
  CHECK_FALSE(row->broken());
}

TEST_CASE("a table without a column that is needed is refused by name", "[examples]") {
  const Folder folder;
  const auto file = folder.write("t.tsv", "a\tb\n");
  CHECK_THROWS_AS(TsvReader(file, {"a", "c"}), FileError);
  CHECK_THROWS_WITH(TsvReader(file, {"a", "c"}), ContainsSubstring("t.tsv has no column 'c'"));
}

TEST_CASE("a table without a header is refused", "[examples]") {
  const Folder folder;
  CHECK_THROWS_WITH(TsvReader(folder.write("t.tsv", ""), {"a"}), ContainsSubstring("is empty"));
}

TEST_CASE("what Unicode forbids is no UTF-8", "[examples]") {
  CHECK(is_utf8(
      "\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
  for (const char* bad :
       {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xe2\x82x"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

}  // namespace
}  // namespace ldraw
