#include "client/command/borrowing_line.h"

#include "client/command/verb_lines.h"

namespace coppice::command {
namespace {

void add_key(CLI::App& verb, std::string& key) {
  verb.add_option("KEY", key, "A record, as \"parts:4711\"")->required();
}

void add_comment(CLI::App& verb, std::string& comment) {
  verb.add_option("-m,--message", comment, "What was done, and why")->type_name("TEXT");
}

void add_borrow(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& borrow =
      add_verb<BorrowVerb>(app, line, "borrow", "Gets the exclusive right to edit records", verb);
  verb->add_option("KEY", borrow.keys, "Records, as \"parts:4711\"");
  verb->add_option("--query", borrow.query, "And those that it finds, as \"parts where price < 3\"")
      ->type_name("QUERY");
  verb->add_flag("--with-references", borrow.with_references,
                 "And all that these refer to, directly or not");
  verb->add_option("--reason", borrow.reason, "Why, for who wants them too")->type_name("TEXT");
  add_choice(*verb, "--wait-in-line", borrow.if_held, BorrowVerb::IfHeld::wait_in_line,
             "If somebody has one of them, wait until it is our turn");
  add_line(*verb, borrow.line);
  verb->footer(
      "All of them or none. They stay borrowed, on line and off, until they are checked in or\n"
      "returned.\n\n"
      "Examples:\n"
      "  coppice -C bench borrow parts:4711 --reason \"wrong tolerance\"\n"
      "  coppice -C bench borrow parts:4711 parts:4712 --wait-in-line\n"
      "  coppice -C bench borrow --query \"parts where price < 3\" --with-references");
}

void add_prepare(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& prepare =
      add_verb<PrepareVerb>(app, line, "prepare", "Makes everything ready to leave the line", verb);
  verb->add_option("KEY", prepare.keys, "Records to borrow, as \"parts:4711\"");
  verb->add_flag("--with-references", prepare.with_references,
                 "And all that these refer to, directly or not");
  verb->add_option("--ids", prepare.ids, "Ids to have for new records, as \"parts=500\"")
      ->type_name("TREE=COUNT");
  verb->add_option("--reason", prepare.reason, "Why, for who wants the records too")
      ->type_name("TEXT");
  add_line(*verb, prepare.line);
  verb->footer(
      "Borrows the records, all or none, fetches ids and everything that is new, and says when "
      "the\n"
      "line may be cut.\n\n"
      "Example:\n  coppice -C bench prepare parts:4711 --with-references --ids parts=500");
}

void add_return(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& back =
      add_verb<ReturnVerb>(app, line, "return", "Gives borrowed records back unchanged", verb);
  add_keys(*verb, back.keys);
  add_choice(*verb, "--discard", back.edits, ReturnVerb::Edits::discard,
             "Throw away edits that were not checked in");
  add_line(*verb, back.line);
  verb->footer("Example:\n  coppice -C bench return parts:4711");
}

void add_held(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& held = add_verb<HeldVerb>(app, line, "held", "What this replica has borrowed", verb);
  add_choice(*verb, "--all", held.whose, HeldVerb::Whose::all,
             "What anybody has, as of the last sync");
  add_form(*verb, held.form, "One JSON document on each line");
  verb->footer("Example:\n  coppice -C bench held --all");
}

void add_edit(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& edit = add_verb<EditVerb>(app, line, "edit", "Changes fields of a borrowed record", verb);
  add_key(*verb, edit.key);
  verb->add_option("FILE", edit.file, "A JSON object; default and \"-\": standard input");
  verb->footer(
      "Fields that the object does not name stay as they are; a list is replaced as a whole. The\n"
      "edit is in the replica, works off line, and is handed in by `coppice checkin`.\n\n"
      "Example:\n  echo '{\"title\": \"10k 1%\"}' | coppice -C bench edit parts:4711");
}

void add_check_in(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& hand_in =
      add_verb<CheckInVerb>(app, line, "checkin", "Hands in edits, and returns the records", verb);
  add_keys(*verb, hand_in.keys);
  add_comment(*verb, hand_in.comment);
  add_choice(*verb, "--keep", hand_in.borrow, CheckInVerb::Afterwards::kept,
             "Keep the records borrowed");
  add_line(*verb, hand_in.line);
  verb->footer(
      "All together or not at all. Without a server it counts all the same: it is in the "
      "replica's\n"
      "outbox, and goes out with the next connection.\n\n"
      "Example:\n  coppice -C bench checkin parts:4711 -m \"tolerance corrected\"");
}

void add_release(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& release =
      add_verb<ReleaseVerb>(app, line, "release", "Freezes borrowed drafts for ever", verb);
  add_keys(*verb, release.keys);
  add_comment(*verb, release.comment);
  verb->add_option("--state", release.state, "The lifecycle state (default: the tree's)")
      ->type_name("STATE");
  add_line(*verb, release.line);
  verb->footer("Example:\n  coppice -C bench release parts:4711 -m \"for production\"");
}

void add_revise(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& revise = add_verb<ReviseVerb>(app, line, "revise",
                                      "Makes the next revision of borrowed records", verb);
  add_keys(*verb, revise.keys);
  add_line(*verb, revise.line);
  verb->footer("Example:\n  coppice -C bench revise parts:4711");
}

void add_state(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& state = add_verb<StateVerb>(app, line, "state", "Moves a lifecycle state", verb);
  verb->add_option("KEY", state.key, "A revision, as \"parts:4711.2\"")->required();
  verb->add_option("FROM", state.from, "The state it is expected to be in")->required();
  verb->add_option("TO", state.to, "The state it gets")->required();
  add_comment(*verb, state.comment);
  verb->add_flag("--override", state.overriding,
                 "Go a step that the tree does not declare, as an administrator");
  add_line(*verb, state.line);
  verb->footer(
      "States are named as the tree declares them, or by their numbers. Without a server the step "
      "is\n"
      "an intent: it goes out with the next connection, and may come back refused.\n\n"
      "Example:\n  coppice -C bench state parts:4711.2 released blocked -m \"cracks\"");
}

void add_drawer(CLI::App& app, CommandLine& line) {
  using Action = DrawerVerb::Action;
  CLI::App* verb = nullptr;
  auto& drawer = add_verb<DrawerVerb>(app, line, "drawer", "Work that the server refused", verb);
  const auto act = [&](const char* name, Action action, const std::string& help) {
    auto& one = *verb->add_subcommand(name, help);
    one.add_option("NUMBER", drawer.number, "The conflict's number")->required();
    one.parse_complete_callback([&drawer, action] { drawer.action = action; });
    if (action == Action::retry) add_line(one, drawer.line);
  };
  add_form(*verb, drawer.form, "One JSON document on each line");
  act("show", Action::show, "One conflict whole: why, and both versions");
  act("retry", Action::retry, "Borrow again, and do again what it wanted");
  act("discard", Action::discard, "Throw it away");
  verb->footer(
      "Nothing in the drawer goes away by itself.\n\n"
      "Examples:\n"
      "  coppice -C bench drawer\n"
      "  coppice -C bench drawer show 3\n"
      "  coppice -C bench drawer show 3 --json > conflict.json\n"
      "  coppice -C bench drawer retry 3");
}

void add_history(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& history = add_verb<HistoryVerb>(app, line, "history", "The revisions of a record", verb);
  add_key(*verb, history.key);
  add_form(*verb, history.form, "One JSON document");
  verb->footer("Example:\n  coppice -C bench history parts:4711");
}

void add_explain(CLI::App& app, CommandLine& line) {
  CLI::App* verb = nullptr;
  auto& explain = add_verb<ExplainVerb>(
      app, line, "explain", "What is known of a record: from where, who holds it, what is pending",
      verb);
  add_key(*verb, explain.key);
  add_form(*verb, explain.form, "One JSON document");
  verb->footer("Example:\n  coppice -C bench explain parts:4711");
}

}  // namespace

void add_borrowing_verbs(CLI::App& app, CommandLine& line) {
  add_borrow(app, line);
  add_prepare(app, line);
  add_return(app, line);
  add_held(app, line);
  add_edit(app, line);
  add_check_in(app, line);
  add_release(app, line);
  add_revise(app, line);
  add_state(app, line);
  add_drawer(app, line);
  add_history(app, line);
  add_explain(app, line);
}

}  // namespace coppice::command
