#include "tests/codegen/compile.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include <capnp/serialize.h>

#include "test_places.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

constexpr std::string_view kPrologue =
    "@0xbf5147cb1b7f6a90;\n"
    "using Coppice = import \"/coppice/tree.capnp\";\n"
    "using Cxx = import \"/capnp/c++.capnp\";\n";

std::string compile_command(const std::string& arguments) {
  return COPPICE_CAPNP " compile -I" COPPICE_SOURCE_DIR "/schema -I" COPPICE_CAPNP_INCLUDE " " +
         arguments;
}

TreeInfoPtr find_tree(const codegen::Resolution& resolution, std::string_view name) {
  for (const auto& problem : resolution.problems) FAIL_CHECK(problem);
  for (const auto& file : resolution.files) {
    for (const auto& tree : file.trees) {
      if (tree.name == name) return TreeInfo::parse(tree.schema).value();
    }
  }
  FAIL("there is no tree " << name);
  return nullptr;
}

std::string replace_all(std::string text, Replacement change) {
  auto at = text.find(change.first);
  if (at == std::string::npos) FAIL("shop.capnp has no '" << change.first << "'");
  for (; at != std::string::npos; at = text.find(change.first, at + change.second.size())) {
    text.replace(at, change.first.size(), change.second);
  }
  return text;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = std::filesystem::temp_directory_path() / "coppice-codegen-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) FAIL("cannot make a temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) FAIL("cannot read " << path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
}

Run run(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) FAIL("cannot run " << command);
  Run result;
  std::array<char, 4096> buffer;
  while (auto count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    result.output.append(buffer.data(), count);
  }
  int status = pclose(pipe);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  return result;
}

Run run_capnp(const std::string& arguments) { return run(compile_command(arguments)); }

std::vector<std::uint64_t> compile(const std::filesystem::path& schema) {
  auto result =
      run_capnp("-o- --src-prefix=" + schema.parent_path().string() + " " + schema.string());
  INFO(result.output);
  REQUIRE(result.exit_code == 0);
  std::vector<std::uint64_t> words(result.output.size() / 8);
  std::memcpy(words.data(), result.output.data(), words.size() * 8);
  return words;
}

codegen::Resolution resolve_request(const std::vector<std::uint64_t>& request) {
  kj::ArrayPtr<const capnp::word> words(reinterpret_cast<const capnp::word*>(request.data()),
                                        request.size());
  capnp::FlatArrayMessageReader reader(words);
  return codegen::resolve(reader.getRoot<capnp::schema::CodeGeneratorRequest>());
}

codegen::Resolution resolve_text(std::string_view declarations) {
  TemporaryFolder folder;
  auto file = folder.path() / "test.capnp";
  write_file(file, std::string(kPrologue) + std::string(declarations));
  return resolve_request(compile(file));
}

TreeInfoPtr tree_in(std::string_view declarations, std::string_view name) {
  return find_tree(resolve_text(declarations), name);
}

TreeInfoPtr tree_in_shop(std::string_view name, const std::vector<Replacement>& changes) {
  std::string text = read_file(COPPICE_SOURCE_DIR "/tests/codegen/schemas/shop.capnp");
  for (const auto& change : changes) text = replace_all(std::move(text), change);
  TemporaryFolder folder;
  write_file(folder.path() / "shop.capnp", text);
  return find_tree(resolve_request(compile(folder.path() / "shop.capnp")), name);
}

TreeInfoPtr newer_tree_in_shop(std::string_view name) {
  return tree_in_shop(
      name, {{"  obsolete @20 :Bool;\n",
              "  obsolete @20 :Bool;\n  colour @21 :Text;\n  tests @23 :List(Test);\n"
              "  shelf @24 :UInt64;\n  struct Test { limit @0 :Float64; remark @1 :Text; }\n"},
             {"    drawings @12 :List(Text);\n",
              "    drawings @12 :List(Text);\n    printed @22 :Text;\n"},
             {"  alternatives @3 :List(BomLine);\n",
              "  alternatives @3 :List(BomLine);\n  remark @4 :Text;\n"},
             {"  piece @0;\n", "  piece @0;\n  litre @3;\n"},
             {"  city @1 :Text;\n", "  city @1 :Text;\n  web @2 :Text;\n"}});
}

}  // namespace coppice::test
