// The rules of the house that a compiler does not know, each once on the project itself and once on
// made-up text that breaks it, so that a rule that can't fail is noticed.

#include <string>
#include <vector>

#include "test_places.h"
#include "tests/support/catch.h"
#include "tests/tidy/arrows.h"
#include "tests/tidy/layout.h"
#include "tests/tidy/libraries.h"
#include "tests/tidy/source_file.h"
#include "tests/tidy/text_rules.h"

namespace coppice::tidy {
namespace {

const std::vector<SourceFile>& project() {
  static const std::vector<SourceFile> files = read_project(COPPICE_SOURCE_DIR);
  return files;
}

// "path:line: message" on a line each, as compilers print it; empty if no rule is broken.
std::string report(const Violations& violations) {
  std::string text;
  for (const Violation& violation : violations) {
    text += "\n" + violation.path + ":" + std::to_string(violation.line) + ": " + violation.message;
  }
  return text;
}

template <typename Rule>
std::string report_project(Rule rule) {
  Violations violations;
  for (const SourceFile& file : project()) {
    for (Violation& violation : rule(file)) violations.push_back(std::move(violation));
  }
  return report(violations);
}

// A small project with a header in every folder of the house.
Layout small_house() {
  return Layout({{"schema/include/coppice/key.h", ""},
                 {"schema/catalogue.h", ""},
                 {"store/feed.h", ""},
                 {"wire/frame.h", ""},
                 {"server/authority.h", ""},
                 {"client/include/coppice/client.h", ""},
                 {"client/outbox.h", ""},
                 {"codegen/render.h", ""},
                 {"viewer/table.h", ""},
                 {"examples/ldraw/shop.h", ""},
                 {"tests/support/cluster.h", ""}});
}

std::string arrows_of(const std::string& path, const std::string& include) {
  return report(
      forbidden_arrows(small_house(), {path, "#pragma once\n#include " + include + "\n"}));
}

TEST_CASE("the tidy rules see the project", "[tidy]") {
  const Layout layout(project());
  CHECK(layout.file_of("tests/tidy/tidy_test.cpp", "dev"));
  CHECK(layout.file_of("CMakeLists.txt", "dev"));
}

TEST_CASE("every #include of the project follows an arrow of the design", "[tidy]") {
  const Layout layout(project());
  CHECK(report_project([&](const SourceFile& file) { return forbidden_arrows(layout, file); }) ==
        "");
}

TEST_CASE("an arrow that the design draws is allowed", "[tidy]") {
  CHECK(arrows_of("store/feed.cpp", "\"store/feed.h\"") == "");
  CHECK(arrows_of("store/feed.cpp", "\"coppice/key.h\"") == "");
  CHECK(arrows_of("store/feed.cpp", "\"schema/catalogue.h\"") == "");
  CHECK(arrows_of("server/authority.cpp", "\"wire/frame.h\"") == "");
  CHECK(arrows_of("client/outbox.cpp", "\"coppice/client.h\"") == "");
  CHECK(arrows_of("client/outbox.cpp", "\"outbox.h\"") == "");
  CHECK(arrows_of("client/outbox.cpp", "<coppice/protocol.capnp.h>") == "");
  CHECK(arrows_of("codegen/render.cpp", "\"schema/catalogue.h\"") == "");
  CHECK(arrows_of("examples/ldraw/main.cpp", "<coppice/client.h>") == "");
  CHECK(arrows_of("examples/ldraw/main.cpp", "\"examples/ldraw/shop.h\"") == "");
  CHECK(arrows_of("wire/frame.cpp", "<vector>") == "");
  CHECK(arrows_of("tests/store/feed_test.cpp", "\"server/authority.h\"") == "");
  CHECK(arrows_of("bench/sync.cpp", "\"server/authority.h\"") == "");
}

TEST_CASE("an arrow that points up or sideways is found", "[tidy]") {
  CHECK(arrows_of("client/sync.cpp", "\"server/authority.h\"") ==
        "\nclient/sync.cpp:2: client may not include server: server/authority.h");
  CHECK(arrows_of("server/main.cpp", "<coppice/client.h>") ==
        "\nserver/main.cpp:2: server may not include client: coppice/client.h");
  CHECK(arrows_of("server/main.cpp", "\"client/outbox.h\"") != "");
  CHECK(arrows_of("schema/key.cpp", "\"store/feed.h\"") != "");
  CHECK(arrows_of("schema/include/coppice/key.h", "<coppice/client.h>") != "");
  CHECK(arrows_of("store/feed.cpp", "\"wire/frame.h\"") != "");
  CHECK(arrows_of("wire/frame.cpp", "\"store/feed.h\"") != "");
  CHECK(arrows_of("wire/frame.cpp", "\"coppice/key.h\"") != "");
  CHECK(arrows_of("wire/frame.cpp", "\"coppice/protocol.capnp.h\"") != "");
  CHECK(arrows_of("codegen/render.cpp", "\"client/outbox.h\"") != "");
  CHECK(arrows_of("viewer/table.cpp", "\"server/authority.h\"") != "");
  CHECK(arrows_of("examples/ldraw/main.cpp", "\"server/authority.h\"") != "");
  CHECK(arrows_of("examples/ldraw/main.cpp", "\"wire/frame.h\"") != "");
  CHECK(arrows_of("examples/ldraw/main.cpp", "\"store/feed.h\"") != "");
  CHECK(arrows_of("client/outbox.cpp", "\"tests/support/cluster.h\"") != "");
}

TEST_CASE("an arrow is found however the #include is written", "[tidy]") {
  CHECK(arrows_of("client/sync.cpp", "<server/authority.h>") != "");
  CHECK(arrows_of("client/sync.cpp", "\"server/generated.h\"") != "");
  CHECK(report(forbidden_arrows(
            small_house(), {"client/a.h", "  #  include\"server/authority.h\"  // why\n"})) != "");
  CHECK(arrows_of("client/sync.cpp", "\"../server/authority.h\"") ==
        "\nclient/sync.cpp:2: include it from the project's root");
}

TEST_CASE("a folder without arrows may not hold C++", "[tidy]") {
  CHECK(arrows_of("gateway/main.cpp", "<vector>") != "");
  CHECK(report(forbidden_arrows(small_house(), {"gateway/README.md", "#include"})) == "");
}

TEST_CASE("LMDB, Beast, Asio and ImGui are included only where they are hidden", "[tidy]") {
  CHECK(report_project(exposed_libraries) == "");
  CHECK(report(spread_libraries(project())) == "");
}

TEST_CASE("a library included outside its folder is found", "[tidy]") {
  const auto report_of = [](const std::string& path, const std::string& header) {
    return report(exposed_libraries({path, "#include <" + header + ">\n"}));
  };
  CHECK(report_of("store/environment.cpp", "lmdb.h") == "");
  CHECK(report_of("bench/reads.cpp", "lmdb.h") == "");
  CHECK(report_of("client/replica.cpp", "lmdb.h") ==
        "\nclient/replica.cpp:1: only store/ includes LMDB: lmdb.h");
  CHECK(report_of("wire/websocket.cpp", "boost/beast/websocket.hpp") == "");
  CHECK(report_of("wire/channel.h", "boost/beast/websocket.hpp") == "");
  CHECK(report_of("client/sync.h", "boost/beast/websocket.hpp") != "");
  CHECK(report_of("server/main.cpp", "boost/asio.hpp") != "");
  CHECK(report_of("server/main.cpp", "boost/asio/io_context.hpp") != "");
  CHECK(report_of("schema/include/coppice/error.h", "boost/system/result.hpp") == "");
  CHECK(report_of("viewer/table.cpp", "imgui.h") == "");
  CHECK(report_of("client/events.cpp", "imgui/imgui.h") != "");
}

TEST_CASE("a library that spreads within its folder is found", "[tidy]") {
  const std::string lmdb = "#include <lmdb.h>\n";
  CHECK(report(spread_libraries({{"store/a.cpp", lmdb}, {"store/b.h", lmdb}})) == "");
  CHECK(report(spread_libraries(
            {{"store/a.cpp", lmdb}, {"store/b.h", lmdb}, {"store/c.cpp", lmdb}})) != "");
  const std::string asio = "#include <boost/asio.hpp>\n#include <boost/beast.hpp>\n";
  const SourceFile header = {"wire/channel.h", asio};
  const SourceFile fourth = {"server/main.cpp", "#include \"wire/channel.h\"\n"};
  CHECK(report(spread_libraries(
            {header, {"wire/a.cpp", asio}, {"wire/b.cpp", asio}, {"wire/c.cpp", asio}})) == "");
  CHECK(report(spread_libraries(
            {header, {"wire/a.cpp", asio}, {"wire/b.cpp", asio}, {"wire/c.cpp", asio}, fourth})) ==
        "\nserver/main.cpp:0: at most 3 files include Beast or Asio, and there are more before "
        "this one");
}

TEST_CASE("a header that a user includes shows no LMDB, Beast, Asio or ImGui", "[tidy]") {
  CHECK(report(leaking_public_headers(project())) == "");
}

TEST_CASE("a public header that leads to a hidden library is found", "[tidy]") {
  const SourceFile environment = {"store/environment.h", "#include <lmdb.h>\n"};
  const SourceFile direct = {"client/include/coppice/a.h", "#include <boost/asio.hpp>\n"};
  const SourceFile through = {"client/include/coppice/b.h", "#include \"client/replica.h\"\n"};
  const SourceFile replica = {"client/replica.h", "#include \"store/environment.h\"\n"};
  const SourceFile harmless = {"client/include/coppice/c.h", "#include <coppice/c.h>\n"};

  CHECK(report(leaking_public_headers({harmless, replica, environment})) == "");
  CHECK(report(leaking_public_headers({direct})) != "");
  CHECK(report(leaking_public_headers({through, replica, environment})) ==
        "\nclient/include/coppice/b.h:0: shows a hidden library: client/include/coppice/b.h > "
        "client/replica.h > store/environment.h > lmdb.h");
}

TEST_CASE("every test file is built", "[tidy]") { CHECK(report(unlisted_tests(project())) == ""); }

TEST_CASE("a test file that is not built is found", "[tidy]") {
  const SourceFile test = {"tests/store/feed_test.cpp", ""};
  const auto report_with = [&](const std::string& path, const std::string& list) {
    return report(unlisted_tests({test, {path, list}}));
  };
  CHECK(report_with("tests/store/sources.cmake", "set(X store/feed_test.cpp)\n") == "");
  CHECK(report_with("tests/CMakeLists.txt", "add(x\n  store/feed_test.cpp)\n") == "");
  CHECK(report_with("tests/store/sources.cmake", "set(X store/other_test.cpp)\n") ==
        "\ntests/store/feed_test.cpp:0: named in no sources.cmake: it would never run");
  CHECK(report_with("tests/store/sources.cmake", "set(X\n  # store/feed_test.cpp\n)\n") != "");
  CHECK(report_with("tests/store/sources.cmake", "set(X old/store/feed_test.cpp)\n") != "");
}

TEST_CASE("no test sleeps or takes its randomness from a global", "[tidy]") {
  CHECK(report_project(banned_test_calls) == "");
}

TEST_CASE("a test that sleeps is found", "[tidy]") {
  // In two halves, so that this file does not break the rule.
  const std::string sleeping =
      "\n  std::this_thread::sleep_"
      "for(1s);\n";
  CHECK(report(banned_test_calls({"tests/store/a_test.cpp", sleeping})) ==
        "\ntests/store/a_test.cpp:2: a test may not use sleep_"
        "for");
  CHECK(report(banned_test_calls({"tests/a_test.cpp",
                                  "us"
                                  "leep(5);"})) != "");
  CHECK(report(banned_test_calls({"tests/a_test.cpp",
                                  "x = std::"
                                  "rand();"})) != "");
  CHECK(report(banned_test_calls({"tests/a_test.cpp",
                                  "sr"
                                  "and(1);"})) != "");
  CHECK(report(banned_test_calls({"tests/e2e/a_test.cpp", sleeping})) == "");
  CHECK(report(banned_test_calls({"wire/a.cpp", sleeping})) == "");
}

TEST_CASE("no exception is swallowed", "[tidy]") {
  CHECK(report_project(swallowed_exceptions) == "");
}

TEST_CASE("a swallowed exception is found", "[tidy]") {
  const std::string handler =
      "try { f(); }\ncatch"
      " (...) {\n}\n";
  CHECK(report(swallowed_exceptions({"wire/a.cpp", handler})) ==
        "\nwire/a.cpp:2: an exception is swallowed");
  CHECK(report(swallowed_exceptions({"wire/a.cpp",
                                     "catch"
                                     "(...){}"})) != "");
  CHECK(report(swallowed_exceptions({"wire/a.cpp", "catch (...) { abort(); }"})) == "");
}

TEST_CASE("no C++ file is longer than 600 lines", "[tidy]") {
  CHECK(report_project(long_files) == "");
}

TEST_CASE("a C++ file of 601 lines is found", "[tidy]") {
  CHECK(report(long_files({"store/a.h", std::string(600, '\n')})) == "");
  CHECK(report(long_files({"store/a.h", std::string(601, '\n')})) ==
        "\nstore/a.h:0: 601 lines; split it at 600");
  CHECK(report(long_files({"docs/a.md", std::string(601, '\n')})) == "");
}

TEST_CASE("text has no tabs and no trailing blanks, and ends with a newline", "[tidy]") {
  CHECK(report_project(untidy_text) == "");
}

TEST_CASE("untidy text is found", "[tidy]") {
  CHECK(report(untidy_text({"a.md", "one\n\ntwo\n"})) == "");
  CHECK(report(untidy_text({"a.md", ""})) == "");
  CHECK(report(untidy_text({"a.md", "one\n\ttwo\n"})) == "\na.md:2: a tab");
  CHECK(report(untidy_text({"Makefile", "a:\n\ttouch a\n"})) == "");
  CHECK(report(untidy_text({"a.md", "one \ntwo\n"})) == "\na.md:1: a blank at the end of the line");
  CHECK(report(untidy_text({"a.md", "one\r\n"})) == "\na.md:1: a blank at the end of the line");
  CHECK(report(untidy_text({"a.md", "one\ntwo"})) == "\na.md:2: no newline at the end of the file");
}

TEST_CASE("the README and docs quote the examples that CI compiles and runs", "[tidy]") {
  CHECK(report(unquoted_examples(project())) == "");
}

TEST_CASE("a page that quotes something else is found", "[tidy]") {
  const SourceFile hello = {"examples/hello/hello.cpp", "a\n// [readme]\nb();\n// [readme]\nc\n"};
  const SourceFile query = {"examples/query/query.cpp", "// [queries]\nd();\n// [queries]\n"};
  const SourceFile docs = {"docs/queries.md", "```cpp\nd();\n```\n"};
  CHECK(report(unquoted_examples({hello, query, docs, {"README.md", "```cpp\nb();\n```\n"}})) ==
        "");
  CHECK(report(unquoted_examples({hello, query, docs, {"README.md", "```cpp\nb(); \n```\n"}})) !=
        "");
  CHECK(report(unquoted_examples({hello, query, docs})) != "");
  CHECK(report(unquoted_examples({hello, query, {"README.md", "```cpp\nb();\n```\n"}})) != "");
}

}  // namespace
}  // namespace coppice::tidy
