// What the plugin writes, byte for byte. After a change that is meant, run the tests once with
// COPPICE_UPDATE_GOLDEN=1 in the environment, and read the difference before it is committed.
#include <cstdlib>
#include <cstring>

#include "codegen/render.h"
#include "test_places.h"
#include "tests/codegen/compile.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

const std::filesystem::path kGolden = COPPICE_SOURCE_DIR "/tests/codegen/golden";
const std::filesystem::path kSchemas = COPPICE_SOURCE_DIR "/tests/codegen/schemas";

bool update() { return std::getenv("COPPICE_UPDATE_GOLDEN") != nullptr; }

void check_golden(const std::string& name, const std::string& text) {
  if (update()) write_file(kGolden / name, text);
  CHECK(text == read_file(kGolden / name));
}

// A request as the compiler made it once, so that what we make of it depends on us alone.
std::vector<std::uint64_t> recorded_request(const std::string& name) {
  auto path = kGolden / (name + ".request");
  if (update()) {
    auto words = compile(kSchemas / (name + ".capnp"));
    write_file(path, {reinterpret_cast<const char*>(words.data()), words.size() * 8});
  }
  const std::string bytes = read_file(path);
  std::vector<std::uint64_t> words(bytes.size() / 8);
  std::memcpy(words.data(), bytes.data(), words.size() * 8);
  return words;
}

codegen::FileModel recorded_file(const std::string& name) {
  auto resolution = resolve_request(recorded_request(name));
  for (const auto& problem : resolution.problems) FAIL_CHECK(problem);
  REQUIRE(resolution.files.size() == 1);
  return resolution.files[0];
}

}  // namespace

TEST_CASE("a recorded request becomes the golden header and source", "[codegen]") {
  auto file = recorded_file("tool");
  check_golden("tool.coppice.h", codegen::render_header(file));
  check_golden("tool.coppice.cpp", codegen::render_source(file));
}

TEST_CASE("the embedded schema does not depend on where the compiler ran", "[codegen]") {
  auto recorded = recorded_file("tool");
  TemporaryFolder folder;
  std::filesystem::copy(kSchemas / "tool.capnp", folder.path() / "tool.capnp");
  // Without --src-prefix the request has the whole path in each name.
  auto result = run_capnp("-o- " + (folder.path() / "tool.capnp").string());
  REQUIRE(result.exit_code == 0);
  std::vector<std::uint64_t> words(result.output.size() / 8);
  std::memcpy(words.data(), result.output.data(), words.size() * 8);
  auto elsewhere = resolve_request(words);
  REQUIRE(elsewhere.files.size() == 1);
  auto here = resolve_request(compile(kSchemas / "tool.capnp"));
  REQUIRE(here.files.size() == 1);
  CHECK(elsewhere.files[0].trees[0].schema == here.files[0].trees[0].schema);
}

TEST_CASE("the shop's header is the golden one", "[codegen]") {
  auto resolution = resolve_request(compile(kSchemas / "shop.capnp"));
  REQUIRE(resolution.files.size() == 1);
  check_golden("shop.coppice.h", codegen::render_header(resolution.files[0]));
}

TEST_CASE("the depot's header names its indexed fields", "[codegen]") {
  auto resolution = resolve_request(compile(kSchemas / "depot.capnp"));
  REQUIRE(resolution.files.size() == 1);
  check_golden("depot.coppice.h", codegen::render_header(resolution.files[0]));
}

TEST_CASE("fields get names that C++ can have", "[codegen]") {
  auto resolution = resolve_text(
      "struct Part $Coppice.tree(name = \"parts\") { class @0 :Text $Coppice.index; new :group { "
      "x @1 :Int8 $Coppice.index; } }");
  REQUIRE(resolution.files.size() == 1);
  const auto& fields = resolution.files[0].trees[0].fields;
  REQUIRE(fields.size() == 2);
  CHECK(fields[0].way == std::vector<std::string>{"class_"});
  CHECK(fields[1].way == std::vector<std::string>{"new_", "x"});
}

TEST_CASE("a file without trees becomes two comments", "[codegen]") {
  auto resolution = resolve_text("struct Plain { a @0 :AnyPointer; } enum Colour { red @0; }");
  REQUIRE(resolution.files.size() == 1);
  check_golden("no_trees.coppice.h", codegen::render_header(resolution.files[0]));
  check_golden("no_trees.coppice.cpp", codegen::render_source(resolution.files[0]));
}

}  // namespace coppice::test
