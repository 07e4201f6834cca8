#include "tests/server/fixture.h"

namespace coppice::server::test {

TEST_CASE("a snapshot that somebody holds for long is logged once", "[server]") {
  std::vector<std::string> warnings;
  Options options;
  options.snapshot_age_warning_us = 0;
  options.log = [&](LogLevel level, const std::string& text) {
    if (level == LogLevel::warning) warnings.push_back(text);
  };
  TestServer server(options);
  const auto backup = server.database().read("backup");
  for (int i = 0; i < 3; ++i) server.run();
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("The snapshot 'backup' has been held for") == 0);
}

TEST_CASE("why a session was lost is logged", "[server]") {
  std::vector<std::string> warnings;
  Options options;
  options.log = [&](LogLevel level, const std::string& text) {
    if (level == LogLevel::warning) warnings.push_back(text);
  };
  TestServer server(options);
  Peer ann(server, "ann");
  server.core().closed(ann.session, server.now_us, "a frame of 99 MB is over the limit");
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("left: a frame of 99 MB is over the limit") != std::string::npos);
}

}  // namespace coppice::server::test
