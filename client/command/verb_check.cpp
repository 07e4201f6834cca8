#include <iostream>

#include "client/command/json.h"
#include "client/command/online.h"
#include "client/command/verbs.h"

namespace coppice::command {
namespace {

// The whole of a report, for machines.
std::string json_of(const CheckReport& report) {
  JsonList findings;
  for (const Finding& finding : report.findings()) {
    findings.raw(JsonObject()
                     .text("trouble", to_string(finding.trouble))
                     .text("where", finding.where)
                     .text("what", finding.what)
                     .str());
  }
  JsonList left_out;
  for (const std::string& what : report.not_looked_at()) left_out.text(what);
  return JsonObject()
      .truth("sound", report.sound())
      .number("count", report.count())
      .raw("findings", findings.str())
      .raw("notLookedAt", left_out.str())
      .str();
}

void add(CheckReport& report, const Client& client, const std::vector<AnyKey>& keys,
         const char* what) {
  for (const AnyKey key : keys) report.found(Trouble::difference, client.format(key), what);
}

// One run of the verb.
class Check {
 public:
  Check(const Place& place, const CheckVerb& verb)
      : place_(place), verb_(verb), progress_(place.chatter) {}

  Result<Done> run() {
    CheckReport report(CheckReport::Side::replica, [&](std::uint64_t looked_at) {
      progress_.show(std::to_string(looked_at) + " looked at");
      return !interrupts_.pending();
    });
    if (verb_.against.empty()) {
      open_to_read(place_).check(report);
    } else {
      Client client = open_to_write(place_);
      client.check(report);
      if (report.complete()) {
        if (const auto compared = compare(client, report); !compared) return compared;
      }
    }
    progress_.clear();
    if (!report.complete()) return error(Errc::cancelled, "Interrupted before the end.");
    print(report);
    if (report.sound()) return Done{};
    return error(Errc::none,
                 "The replica is not sound. Findings: " + std::to_string(report.count()) + ".");
  }

 private:
  Result<Done> compare(Client& client, CheckReport& report) {
    OnlineWork work(client, verb_.patience, interrupts_, progress_);
    if (auto connecting = work.connect(place_, verb_.against); !connecting) return connecting;
    const auto live =
        work.wait_until([](const Status& status) { return status.connection == Connection::live; });
    if (!live) return live;
    const auto comparing = client.compare();
    const auto answered =
        work.wait_until([&](const Status&) { return comparing.result().has_value(); });
    if (!answered) return answered;
    if (!*comparing.result()) return comparing.result()->error();
    comparison_ = **comparing.result();
    add(report, client, comparison_->missing, "the server has it, and this replica has not");
    add(report, client, comparison_->different, "its bytes are not those that the server has");
    add(report, client, comparison_->surplus, "this replica has it, and the server has not");
    return Done{};
  }

  void print(const CheckReport& report) const {
    if (verb_.form == Form::json) {
      std::cout << json_of(report) << '\n';
      return;
    }
    std::cout << report.for_people();
    if (comparison_ && !comparison_->complete)
      std::cout << "There are more differences than are named here.\n";
    if (!report.sound() || place_.chatter == Chatter::quiet) return;
    std::cout << "The replica is sound";
    if (comparison_) {
      std::cout << ", and the same as the server at sequence " << comparison_->sequence << ": "
                << comparison_->records << " records, " << comparison_->questions
                << (comparison_->questions == 1 ? " question" : " questions");
    }
    std::cout << ".\n";
  }

  const Place& place_;
  const CheckVerb& verb_;
  const Interrupts interrupts_;
  Progress progress_;
  std::optional<Comparison> comparison_;
};

}  // namespace

Result<Done> run(const Place& place, const CheckVerb& verb) { return Check(place, verb).run(); }

}  // namespace coppice::command
