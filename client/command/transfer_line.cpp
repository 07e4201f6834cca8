#include "client/command/transfer_line.h"

#include "client/command/verb_lines.h"

namespace coppice::command {
namespace {

void add_break(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& one = add_verb<BreakVerb>(app, line, "break", "Ends the borrows that others have", verb);
  add_keys(*verb, one.keys);
  verb->add_option("--reason", one.reason, "Why; the holder is told")
      ->type_name("TEXT")
      ->required();
  add_line(*verb, one.line);
  verb->footer(
      "Needs the right to break, or a place in the line for what is overdue for long. What the\n"
      "holder has edited and not checked in stays on the holder's device, as a conflict.\n\n"
      "Example:\n  coppice -C bench break parts:4711 --reason \"Ann is ill\"");
}

void add_take_over(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& one = add_verb<TakeOverVerb>(app, line, "takeover",
                                     "Moves our borrows from another device to this one", verb);
  add_keys(*verb, one.keys);
  verb->add_option("--reason", one.reason, "Why, for who wants them too")->type_name("TEXT");
  add_line(*verb, one.line);
  verb->footer("Example:\n  coppice -C laptop takeover parts:4711");
}

void add_hand_over(CLI::App& app, CommandLine& line) {
  using Action = HandOverVerb::Action;
  CLI::App* verb = nullptr;
  auto& one = add_verb<HandOverVerb>(app, line, "handover", "Gives borrows to another user", verb);
  const auto act = [&](const char* name, Action action, const char* help) {
    auto& sub = *verb->add_subcommand(name, help);
    sub.parse_complete_callback([&one, action] { one.action = action; });
    if (action != Action::list) add_keys(sub, one.keys);
    add_line(sub, one.line);
    return &sub;
  };
  verb->require_subcommand(1);
  auto* offer = act("offer", Action::offer, "Offers borrows, until they are accepted or declined");
  offer->add_option("--to", one.user, "The user (default: nobody any more)")->type_name("USER");
  offer->add_option("--reason", one.reason, "Why; the user is told")->type_name("TEXT");
  act("list", Action::list, "What is offered to us");
  auto* accept = act("accept", Action::accept, "Takes what is offered to us");
  accept->add_option("--reason", one.reason, "Why, for who wants them too")->type_name("TEXT");
  act("decline", Action::decline, "Wants it not");
  verb->footer(
      "Who may break borrows may offer those of others.\n\n"
      "Examples:\n"
      "  coppice -C bench handover offer parts:4711 --to bob --reason \"I am on holiday\"\n"
      "  coppice -C bobs handover accept parts:4711");
}

void add_nudge(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& one = add_verb<NudgeVerb>(app, line, "nudge", "Asks the holders to return records", verb);
  add_keys(*verb, one.keys);
  verb->add_option("-m,--message", one.text, "What they are told")->type_name("TEXT");
  add_line(*verb, one.line);
  verb->footer("Example:\n  coppice -C bench nudge parts:4711 -m \"I need it today\"");
}

void add_shelf(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& one = add_verb<ShelfVerb>(
      app, line, "shelf", "Fetches others' unfinished work in records into the drawer", verb);
  add_keys(*verb, one.keys);
  add_line(*verb, one.line);
  verb->footer(
      "What is edited and not checked in is copied to the server every few seconds. It is for the\n"
      "same user on another device, for who got the borrow by a hand-over, and for "
      "administrators.\n"
      "`coppice drawer` shows it, `coppice drawer retry` applies it.\n\n"
      "Example:\n  coppice -C laptop takeover parts:4711 && coppice -C laptop shelf parts:4711");
}

void add_revoke(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& one = add_verb<RevokeVerb>(app, line, "revoke",
                                   "Refuses a device or a user from now on (administrators)", verb);
  auto* user = verb->add_option("--user", one.user, "The user, with all devices and tokens");
  verb->add_option("--device", one.device, "The device, as `held --all --json` numbers it")
      ->type_name("N")
      ->excludes(user);
  verb->add_option("--reason", one.reason, "Why")->type_name("TEXT")->required();
  add_line(*verb, one.line);
  verb->footer(
      "What the device has borrowed is broken.\n\n"
      "Example:\n  coppice -C bench revoke --device 7 --reason \"stolen\"");
}

}  // namespace

void add_transfer_verbs(CLI::App& app, CommandLine& line) {
  add_break(app, line);
  add_take_over(app, line);
  add_hand_over(app, line);
  add_nudge(app, line);
  add_shelf(app, line);
  add_revoke(app, line);
}

}  // namespace coppice::command
