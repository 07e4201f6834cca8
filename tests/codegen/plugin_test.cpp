// The plugin as the compiler starts it: a process, a folder, and what is in it afterwards.
#include <algorithm>

#include "codegen/render.h"
#include "test_places.h"
#include "tests/codegen/compile.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

constexpr std::string_view kId =
    "@0xbf5147cb1b7f6a90;\nusing Coppice = import \"/coppice/tree.capnp\";\n";

std::vector<std::string> files_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) names.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A folder with schemas/ and out/, and the plugin between them.
class Workshop {
 public:
  Workshop() { std::filesystem::create_directories(folder_.path() / "out"); }

  void schema(const std::string& name, const std::string& text) {
    write_file(folder_.path() / "schemas" / name, text);
  }
  Run generate(const std::vector<std::string>& names) {
    auto schemas = (folder_.path() / "schemas").string();
    std::string arguments = "-o" COPPICE_PLUGIN ":" + out().string() + " --src-prefix=" + schemas;
    for (const auto& name : names) arguments += " " + schemas + "/" + name;
    return run_capnp(arguments);
  }
  std::filesystem::path out() const { return folder_.path() / "out"; }

 private:
  TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("the plugin writes a header and a source for each file, in the file's folder",
          "[codegen]") {
  Workshop shop;
  shop.schema("part.capnp", std::string(kId) + "struct Part $Coppice.tree(name = \"parts\") {}");
  shop.schema("deep/er/box.capnp", "@0xbf5147cb1b7f6a91; struct Box {}");
  auto result = shop.generate({"part.capnp", "deep/er/box.capnp"});
  INFO(result.output);
  CHECK(result.exit_code == 0);
  CHECK(result.output == "");
  CHECK(files_in(shop.out()) == std::vector<std::string>{"deep/er/box.coppice.cpp",
                                                         "deep/er/box.coppice.h",
                                                         "part.coppice.cpp", "part.coppice.h"});
  CHECK_THAT(read_file(shop.out() / "part.coppice.h"), ContainsSubstring("coppice::TreeOf<Part>"));
}

TEST_CASE("the plugin writes what resolve and render say, and the same when it runs again",
          "[codegen]") {
  const std::filesystem::path schema = COPPICE_SOURCE_DIR "/tests/codegen/schemas/shop.capnp";
  Workshop shop;
  shop.schema("shop.capnp", read_file(schema));
  REQUIRE(shop.generate({"shop.capnp"}).exit_code == 0);
  auto file = resolve_request(compile(schema)).files.at(0);
  CHECK(read_file(shop.out() / "shop.coppice.h") == codegen::render_header(file));
  CHECK(read_file(shop.out() / "shop.coppice.cpp") == codegen::render_source(file));
  REQUIRE(shop.generate({"shop.capnp"}).exit_code == 0);
  CHECK(read_file(shop.out() / "shop.coppice.cpp") == codegen::render_source(file));
}

TEST_CASE("imports are not generated unless they are asked for", "[codegen]") {
  Workshop shop;
  shop.schema("part.capnp",
              std::string(kId) +
                  "using Maker = import \"maker.capnp\".Maker;\n"
                  "struct Part $Coppice.tree(name = \"parts\") { maker @0 :Coppice.Ref(Maker); }");
  shop.schema("maker.capnp",
              "@0xbf5147cb1b7f6a92; using Coppice = import \"/coppice/tree.capnp\";\n"
              "struct Maker $Coppice.tree(name = \"makers\") { name @0 :Text; }");
  CHECK(shop.generate({"part.capnp"}).exit_code == 0);
  CHECK(files_in(shop.out()) == std::vector<std::string>{"part.coppice.cpp", "part.coppice.h"});
}

TEST_CASE("after a mistake in one file the plugin writes none", "[codegen]") {
  Workshop shop;
  shop.schema("part.capnp", std::string(kId) + "struct Part $Coppice.tree(name = \"parts\") {}");
  shop.schema("box.capnp",
              "@0xbf5147cb1b7f6a91; using Coppice = import \"/coppice/tree.capnp\";\n"
              "struct Box $Coppice.tree(name = \"parts\") { it @0 :AnyPointer; }");
  auto result = shop.generate({"part.capnp", "box.capnp"});
  CHECK(result.exit_code != 0);
  CHECK_THAT(result.output,
             ContainsSubstring("part.capnp: struct Part: tree name \"parts\" is taken by struct "
                               "Box in box.capnp; names are unique in a database.\n"));
  CHECK_THAT(result.output,
             ContainsSubstring("box.capnp: struct Box: tree name \"parts\" is taken by"));
  CHECK_THAT(result.output,
             ContainsSubstring("box.capnp: struct Box: field it has no type of its own"));
  CHECK(files_in(shop.out()).empty());
}

TEST_CASE("run by hand, the plugin says what it is", "[codegen]") {
  auto help = run(COPPICE_PLUGIN " --help");
  CHECK(help.exit_code == 0);
  CHECK_THAT(help.output, ContainsSubstring("capnp compile -oc++:out -ocoppice:out"));
  auto version = run(COPPICE_PLUGIN " --version");
  CHECK(version.exit_code == 0);
  CHECK_THAT(version.output, ContainsSubstring("capnpc-coppice "));
  auto unknown = run(COPPICE_PLUGIN " shop.capnp");
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.output == "capnpc-coppice: unknown argument 'shop.capnp'; try --help\n");
}

TEST_CASE("what is not the compiler's request is refused", "[codegen]") {
  CHECK(run(COPPICE_PLUGIN " </dev/null").exit_code == 1);
  auto noise = run("echo this is no request at all, but long enough to be one | " COPPICE_PLUGIN);
  CHECK(noise.exit_code == 1);
  CHECK_THAT(noise.output, ContainsSubstring("is no request of the Cap'n Proto compiler"));
}

}  // namespace coppice::test
