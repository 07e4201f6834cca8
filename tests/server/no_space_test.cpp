#include <signal.h>
#include <sys/resource.h>

#include "tests/server/fixture.h"

namespace coppice::server::test {
namespace {

// While it lives no file of this process may grow beyond what the database has now: to the store it
// is as if the disk were full.
class FullDisk {
 public:
  explicit FullDisk(TestServer& server) : ignored_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit full = before_;
    full.rlim_cur =
        std::filesystem::file_size(server.database().environment().folder() / "data.mdb");
    setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, ignored_);
  }
  FullDisk(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*ignored_)(int);
};

Work large() {
  Work work;
  for (std::uint64_t id = 10; id < 30; ++id)
    work.create(part(id), part_body(std::string(100'000, 'x')));
  return work;
}

TEST_CASE("F28: a full disk refuses the whole group, whose requests can be sent again",
          "[server]") {
  TestServer server;
  Maker ann(server, "ann");
  Maker bob(server, "bob");
  ann.ask(Work().create(part(1), part_body("R1")));
  const auto records = server.records();
  const auto executed = ann.last_operation;
  std::uint64_t big = 0, small = 0, bobs = 0, later = 0;
  {
    FullDisk full(server);
    big = ann.send(large());
    small = ann.send(Work().create(part(2), part_body("R2")));
    bobs = bob.send(Work().create(part(101), part_body("R101")));
    server.run();
    // It was under way already.
    later = ann.send(Work().create(part(3), part_body("R3")));
    server.run();
    ann.listen();
    bob.listen();
    for (auto operation : {big, small, later}) CHECK(outcome(ann.answer(operation)) == "no_space");
    CHECK(outcome(bob.answer(bobs)) == "no_space");
    CHECK(server.records() == records);
    CHECK_FALSE(ann.closed());
  }
  for (auto operation : {big, small, later}) ann.send_again(operation);
  bob.send_again(bobs);
  server.run();
  ann.listen();
  bob.listen();
  for (auto operation : {big, small, later}) CHECK(outcome(ann.answer(operation)) == "accepted");
  CHECK(outcome(bob.answer(bobs)) == "accepted");
  CHECK(later == executed + 3);
  CHECK(server.records().size() == 24);
  CHECK(server.faults() == std::vector<std::string>{});
}

}  // namespace
}  // namespace coppice::server::test
