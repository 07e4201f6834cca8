// A full disk at a replica, and a server that takes less than it did: nothing written is lost.
#include <signal.h>
#include <sys/resource.h>

#include "tests/client/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

// While it lives no file may grow beyond what this replica has now: as if its disk were full.
class FullDisk {
 public:
  explicit FullDisk(const Desk& desk) : ignored_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit full = before_;
    full.rlim_cur = std::filesystem::file_size(desk.folder / "data.mdb");
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

// Two megabytes.
Result<Done> write_much(Desk& desk) {
  const std::string title(100'000, 'x');
  return desk->write([&](Transaction& t) {
    for (int i = 0; i < 20; ++i) {
      t.create<shop::Part>([&](auto body) { body.setTitle(title); });
    }
  });
}

}  // namespace

TEST_CASE("F29: a write on a full disk is refused, and goes through when there is room",
          "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  const auto kept = ann.make_part("kept");
  site.settle();
  const auto ids = ann->ids_left(TreeOf<shop::Part>::id);
  {
    const FullDisk full(ann);
    const auto refused = write_much(ann);
    REQUIRE(code_of(refused) == Errc::no_space);
    CHECK_THAT(refused.error().message, ContainsSubstring("Free some space"));
  }
  CHECK(ann->snapshot().count<shop::Part>() == 1);
  CHECK(ann->snapshot().get(kept).has_value());
  CHECK(ann->ids_left(TreeOf<shop::Part>::id) == ids);
  CHECK(ann->status().outbox == 0);
  REQUIRE(write_much(ann));
  site.settle();
  CHECK(ann->snapshot().count<shop::Part>() == 21);
  check_equal(site, ann);
}

TEST_CASE("sync stops at a full disk, says so, and goes on when there is room", "[client]") {
  Site site;
  Desk ann(site, "ann");
  Desk bob(site, "bob");
  ann.go_on_line();
  ann.go_off_line();
  bob.go_on_line();
  REQUIRE(write_much(bob));
  site.settle();
  ann.connect();
  for (int i = 0; i < 50; ++i) {
    site.work();
    const FullDisk full(ann);
    ann->step(site.now_us);
  }
  CHECK(ann->status().connection == Connection::connecting);
  CHECK_THAT(ann->status().reason, ContainsSubstring("is full"));
  CHECK(ann->snapshot().count<shop::Part>() == 0);
  site.settle();
  CHECK(ann->snapshot().count<shop::Part>() == 20);
  check_equal(site, ann);
}

TEST_CASE("work that the server does not take any more is kept, and the reason is told",
          "[client]") {
  Site site;
  Desk ann(site, "ann");
  ann.go_on_line();
  ann.go_off_line();
  REQUIRE(write_much(ann));
  site.stop_server();
  const server::Options before = site.options();
  site.options().frame_bytes = 1 << 20;
  site.options().body_bytes = 1 << 19;
  site.start_server();
  ann.connect();
  site.settle();
  CHECK(ann->status().connection == Connection::refused);
  CHECK_THAT(ann->status().reason, ContainsSubstring("Raise the server's limit"));
  CHECK(ann->status().outbox == 1);
  CHECK(ann->snapshot().count<shop::Part>() == 20);
  site.stop_server();
  site.options() = before;
  site.start_server();
  ann.go_on_line();
  CHECK(ann->status().outbox == 0);
  check_equal(site, ann);
}

}  // namespace coppice::test
