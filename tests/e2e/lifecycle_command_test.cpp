// Lifecycle states, sets of records and leaving the line, as a person does them at a shell.
#include "office.coppice.h"
#include "tests/e2e/site.h"

namespace coppice::test {
namespace {

using Catch::Matchers::ContainsSubstring;

void check_done(const Ran& ran, const std::string& words) {
  INFO("printed: " << ran.output << ran.errors);
  CHECK(ran.end == kOrderly);
  CHECK_THAT(ran.output, ContainsSubstring(words));
}

void check_refused(const Ran& ran, const std::string& words) {
  INFO("printed: " << ran.output << ran.errors);
  CHECK(ran.end.code == 1);
  CHECK_THAT(ran.errors, ContainsSubstring(words));
}

// A replica with drawings:1, which is made of drawings:2, and with nobody in it.
struct Office {
  Site site;

  Office() {
    Client::Options options;
    options.name = "ann";
    options.trees = trees<office::Drawing, office::Material>();
    Client ann = Client::open(site.replica("ann"), std::move(options));
    REQUIRE(ann.connect(site.server.url()));
    until("ids", [&] { return ann.ids_left(TreeOf<office::Drawing>::id) > 0; });
    REQUIRE(ann.write([](Transaction& t) {
      const auto whole =
          t.create<office::Drawing>([](auto body) { body.setNumber("desk"); }, Borrowing::kept);
      const auto part = t.create<office::Drawing>([](auto body) { body.setNumber("screw"); });
      refer<office::Drawing>(t.edit(whole).initParts(1)[0], part.floating());
      t.check_in(whole);
    }));
    settle(ann);
  }
  Ran ann(std::vector<std::string> arguments) { return site.coppice("ann", std::move(arguments)); }
};

}  // namespace

TEST_CASE("R6: lifecycle states are moved and told by their names", "[e2e]") {
  Office office;
  check_done(office.ann({"state", "drawings:2.1", "draft", "in-review"}), "in state in-review");
  check_done(office.ann({"history", "drawings:2"}), "drawings:2.1  draft, in-review");
  check_refused(office.ann({"state", "drawings:2.1", "in-review", "blocked"}),
                "gets to state 'blocked' only by a release");
  check_refused(office.ann({"state", "drawings:2.1", "in-review", "lost"}), "'lost'");
  check_refused(office.ann({"state", "drawings:2.1", "draft", "in-review"}), "'in-review'");

  check_done(
      office.ann({"borrow", "--query", "drawings where number = \"desk\"", "--with-references"}),
      "Borrowed drawings:1");
  check_refused(office.ann({"release", "drawings:1"}), "drawings:2.1, which is not released");
  check_done(office.ann({"release", "drawings:1", "drawings:2"}), "Released");
  check_done(office.ann({"state", "drawings:2.1", "released", "blocked", "-m", "cracks"}),
             "in state blocked");
  check_refused(office.ann({"state", "drawings:2.1", "blocked", "superseded"}), "'released'");
  check_done(office.ann({"state", "drawings:2.1", "blocked", "superseded", "--override"}),
             "in state superseded");
  check_done(office.ann({"get", "drawings:1", "--json"}), "\"stateName\":\"released\"");
  office.site.stop_and_check();
}

TEST_CASE("F36, V3: a step without a server is an intent, and shown as pending", "[e2e]") {
  Office office;
  office.site.server.kill();
  check_done(office.ann({"state", "drawings:2.1", "draft", "in-review", "--wait", "1"}),
             "is an intent");
  check_done(office.ann({"status"}), "intents         1 lifecycle steps");
  check_done(office.ann({"explain", "drawings:2"}),
             "Intent: drawings:2.1 is to go from state draft to in-review");
  office.site.server.start();
  check_done(office.ann({"sync"}), "In sync");
  check_done(office.ann({"history", "drawings:2"}), "in-review");
  office.site.stop_and_check();
}

TEST_CASE("B10: the command prepares a replica to leave the line", "[e2e]") {
  Office office;
  check_done(office.ann({"prepare", "drawings:1", "--with-references", "--ids", "materials=3000"}),
             "Ready: the line may be cut.");
  check_done(office.ann({"held"}), "drawings:2");
  check_refused(office.ann({"prepare", "--ids", "materials"}), "materials");
  office.site.stop_and_check();
}

}  // namespace coppice::test
