#include "client/command/command_line.h"

#include <CLI/CLI.hpp>

#include "client/command/borrowing_line.h"
#include "client/command/line_options.h"
#include "client/command/transfer_line.h"

namespace coppice::command {
namespace {

constexpr const char* kAbout =
    "Looks into a Coppice replica, keeps it in sync and fills it.\n"
    "A replica is a folder; nothing but that folder is needed to read it.";

constexpr const char* kExamples =
    "Examples:\n"
    "  coppice -C bench sync ws://shop.local:7400/shop   make a replica in ./bench\n"
    "  coppice -C bench ls parts --limit 10              its first ten parts\n"
    "  coppice -C bench get parts:4711.2                 one record\n"
    "  coppice VERB --help                               more about a verb\n\n"
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage.";

// Where a verb's options end up while the line is parsed.
struct Parsed {
  CommandLine line;
  StatusVerb status;
  LsVerb ls;
  GetVerb get;
  WatchVerb watch;
  ImportVerb import;
  SyncVerb sync;
  SchemaCheckVerb schema_check;
  SchemaShowVerb schema_show;
  SchemaHistoryVerb schema_history;
  CheckVerb check;
  StatsVerb stats;
  CompactVerb compact;
  QueryVerb query;
};

void add_status(CLI::App& app, Parsed& parsed) {
  auto& verb = *app.add_subcommand("status", "Where the replica stands");
  add_form(verb, parsed.status.form, "One JSON document");
  verb.footer(
      "Works while an application uses the replica; it makes no connection of its own.\n\n"
      "Example:\n  coppice -C bench status");
  verb.callback([&parsed] { parsed.line.verb = parsed.status; });
}

void add_ls(CLI::App& app, Parsed& parsed) {
  auto& verb = *app.add_subcommand("ls", "The trees, or the records of one tree");
  verb.add_option("TREE", parsed.ls.tree, "A tree, as \"parts\"");
  verb.add_option("--limit", parsed.ls.limit, "At most so many")->type_name("N");
  verb.add_option("--from", parsed.ls.from, "Start at this key")->type_name("KEY");
  verb.add_flag_function(
      "--all", [&parsed](std::int64_t) { parsed.ls.revisions = LsVerb::Revisions::all; },
      "All revisions, not the newest only");
  add_form(verb, parsed.ls.form, "One JSON document");
  verb.footer(
      "The number of revisions of a tree includes the markers of removed records.\n\n"
      "Examples:\n"
      "  coppice -C bench ls\n"
      "  coppice -C bench ls parts --limit 20 --from parts:4711\n"
      "  coppice -C bench ls parts --all --json");
  verb.callback([&parsed] { parsed.line.verb = parsed.ls; });
}

void add_get(CLI::App& app, Parsed& parsed) {
  auto& verb = *app.add_subcommand("get", "Records by their keys");
  verb.add_option("KEY", parsed.get.keys, "As \"parts:4711.2\", or \"parts:4711\" for the newest")
      ->required();
  add_form(verb, parsed.get.form, "One JSON document: a list of records");
  verb.footer(
      "A key without a revision means the newest released revision, else the newest.\n\n"
      "Examples:\n"
      "  coppice -C bench get parts:4711.2 companies:12\n"
      "  coppice -C bench get parts:4711 --json");
  verb.callback([&parsed] { parsed.line.verb = parsed.get; });
}

void add_query_answers(CLI::App& verb, QueryVerb& query) {
  const auto flag = [&verb, &query](const char* name, QueryVerb::Answer answer, const char* help) {
    return verb.add_flag_function(
        name, [&query, answer](std::int64_t) { query.answer = answer; }, help);
  };
  auto* count = flag("--count", QueryVerb::Answer::count, "Only how many they are");
  flag("--explain", QueryVerb::Answer::explanation,
       "Only which indexes serve, and why others do not")
      ->excludes(count);
  add_form(verb, query.form, "One JSON document");
}

void add_query(CLI::App& app, Parsed& parsed) {
  auto& verb = *app.add_subcommand("query", "The records that fulfil a condition");
  QueryVerb& query = parsed.query;
  verb.add_option("TREE", query.tree, "A tree, as \"parts\"")->required();
  verb.add_option("QUERY", query.text, "As 'price < 100 and title contains \"10k\"'");
  auto* order =
      verb.add_option("--order", query.order, "Put in order by this field")->type_name("FIELD");
  verb.add_flag_function(
          "--desc", [&query](std::int64_t) { query.direction = Direction::descending; },
          "The highest first")
      ->needs(order);
  verb.add_option("--limit", query.limit, "At most so many")->type_name("N");
  const auto revisions = [&verb, &query](const char* name, Revisions which, const char* help) {
    return verb.add_flag_function(
        name, [&query, which](std::int64_t) { query.revisions = which; }, help);
  };
  auto* released = revisions("--released", Revisions::released, "Of each the newest released one");
  revisions("--all", Revisions::all, "All revisions, not the newest only")->excludes(released);
  add_query_answers(verb, query);
  verb.footer(
      "Conditions: FIELD = != < <= > >= VALUE, between A and B, in (A, B), contains TEXT,\n"
      "starts with TEXT, matches WORDS, is set, is not set; joined by and, or, not and brackets.\n"
      "A field behind a reference: maker.country. Behind the condition: order by FIELD desc,\n"
      "limit N, released, all revisions. docs/queries.md has all of it.\n\n"
      "Examples:\n"
      "  coppice -C bench query parts 'price < 100 and maker.country = \"DE\"'\n"
      "  coppice -C bench query parts 'title matches \"10k res\" order by price limit 20'\n"
      "  coppice -C bench query parts 'bom.part = parts:4711' --count\n"
      "  coppice -C bench query parts 'price > 5' --order price --desc --explain");
  verb.callback([&parsed] { parsed.line.verb = parsed.query; });
}

void add_watch(CLI::App& app, Parsed& parsed) {
  auto& verb = *app.add_subcommand("watch", "Connects, and prints what happens, until Ctrl-C");
  verb.add_option("TREE", parsed.watch.tree, "Only events of this tree");
  add_server(verb, parsed.watch.server, "Default: the server that the replica was connected to");
  add_form(verb, parsed.watch.form, "One JSON document on each line");
  verb.footer(
      "Examples:\n"
      "  coppice -C bench watch parts\n"
      "  coppice -C bench watch --json --server ws://shop.local:7400/shop");
  verb.callback([&parsed] { parsed.line.verb = parsed.watch; });
}

void add_import_options(CLI::App& verb, ImportVerb& import) {
  verb.add_option("TREE", import.tree, "The tree that gets the records")->required();
  verb.add_option("FILE", import.file, "A JSON array, or JSON lines; \"-\": standard input")
      ->required();
  add_server(verb, import.server, "Connect first, for new ids, and upload at once");
  const auto choose = [&import](const std::string& text) {
    import.on_error = text == "skip" ? ImportVerb::OnError::skip : ImportVerb::OnError::stop;
  };
  verb.add_option_function<std::string>(
          "--on-error", choose,
          "stop (default): nothing is imported if a record is broken; skip: the rest is")
      ->check(CLI::IsMember({"stop", "skip"}));
  verb.add_option("--batch", import.batch_records, "Records in a transaction (default 1000)")
      ->check(CLI::Range(1, 10000))
      ->type_name("N");
  add_patience(verb, import.patience);
}

void add_import(CLI::App& app, Parsed& parsed) {
  auto& verb = *app.add_subcommand("import", "Creates records from JSON");
  add_import_options(verb, parsed.import);
  verb.add_flag_function(
          "--dry-run", [&parsed](std::int64_t) { parsed.import.run = ImportVerb::Run::dry; },
          "Only check the file")
      ->excludes("--server");
  verb.footer(
      "Each record is a JSON object as `get` shows it under \"body\". What is wrong with one is\n"
      "told as FILE:LINE: reason. Everything imported is in the replica at once and reaches the\n"
      "server when the replica is connected. After Ctrl-C what was imported so far stays.\n\n"
      "Examples:\n"
      "  coppice -C bench import parts parts.jsonl --dry-run\n"
      "  coppice -C bench import parts parts.json --server ws://shop.local:7400/shop\n"
      "  convert old.csv | coppice -C bench import parts - --on-error skip");
  verb.callback([&parsed] { parsed.line.verb = parsed.import; });
}

void add_sync(CLI::App& app, Parsed& parsed) {
  auto& verb = *app.add_subcommand("sync", "Brings replica and server to the same state");
  verb.add_option("URL", parsed.sync.server, "Default: the server it was connected to before")
      ->check(check_url);
  verb.add_option("--application", parsed.sync.application,
                  "For a new replica: the application that the database belongs to")
      ->type_name("NAME");
  verb.add_flag_function(
      "--anew", [&parsed](std::int64_t) { parsed.sync.fetch = SyncVerb::Fetch::everything; },
      "Fetch every record again, in place of what is here; unsent work is kept");
  add_patience(verb, parsed.sync.patience);
  verb.footer(
      "Makes the replica if the folder is new or empty, and ends when everything is here and\n"
      "everything written here has its answer.\n\n"
      "Examples:\n"
      "  coppice -C bench sync ws://shop.local:7400/shop\n"
      "  coppice -C bench sync");
  verb.callback([&parsed] { parsed.line.verb = parsed.sync; });
}

void add_schema_check(CLI::App& schema, Parsed& parsed) {
  auto& verb = *schema.add_subcommand("check", "Whether a schema file fits the trees there are");
  SchemaCheckVerb& check = parsed.schema_check;
  verb.add_option("NEW.capnp", check.file, "The schema to be checked")->required();
  verb.add_option("--against", check.against,
                  "A server, a server's or a replica's folder, or the old schema file")
      ->required()
      ->type_name("URL|FOLDER|OLD.capnp");
  verb.add_option("-I", check.imports, "A folder for absolute imports")
      ->type_name("FOLDER")
      ->allow_extra_args(false);
  verb.footer(
      "Prints each difference with what to do about it. For CI: a merge that would keep programs\n"
      "from their server is seen before it is one. Works while the folder is in use; a server "
      "that\n"
      "is asked remembers nothing of it.\n\n"
      "Exit codes: 0 compatible, 1 needs a migration, 2 impossible, 3 could not be checked.\n\n"
      "Examples:\n"
      "  coppice schema check shop.capnp --against ws://shop.local:7400/shop\n"
      "  coppice schema check shop.capnp --against /var/lib/coppice/shop\n"
      "  coppice schema check shop.capnp --against released/shop.capnp -I schemas");
  verb.callback([&parsed] { parsed.line.verb = parsed.schema_check; });
}

void add_schema(CLI::App& app, Parsed& parsed) {
  auto& schema = *app.add_subcommand("schema", "The schemas of trees, and how they changed");
  schema.require_subcommand(1);
  add_schema_check(schema, parsed);

  auto& show = *schema.add_subcommand("show", "A tree's schema, with its comments");
  show.add_option("TREE", parsed.schema_show.tree, "A tree, as \"parts\"")->required();
  show.add_option("--version", parsed.schema_show.version, "An earlier version")->type_name("N");
  show.callback([&parsed] { parsed.line.verb = parsed.schema_show; });

  auto& history = *schema.add_subcommand("history", "The versions of a tree's schema");
  history.add_option("TREE", parsed.schema_history.tree, "A tree, as \"parts\"")->required();
  history.footer(
      "Each version with when it was adopted, from whom, and what it changed. The folder may be a\n"
      "replica's or a server's.\n\n"
      "Example:\n  coppice -C bench schema history parts");
  history.callback([&parsed] { parsed.line.verb = parsed.schema_history; });
}

void add_check(CLI::App& app, Parsed& parsed) {
  auto& verb = *app.add_subcommand("check", "Whether the replica is sound");
  verb.add_option("--against", parsed.check.against,
                  "Also compare every record with what this server has")
      ->check(check_url)
      ->type_name("URL");
  add_patience(verb, parsed.check.patience);
  add_form(verb, parsed.check.form, "One JSON document");
  verb.footer(
      "Looks at every record, and at what belongs to them. Works while an application uses the\n"
      "replica; --against needs it for itself, brings it up to date first, and leaves work that\n"
      "the server has not got yet out of the comparison. Nothing is repaired: what is found is\n"
      "told with what it means and what to do.\n\n"
      "Exit codes: 0 sound, 1 not sound or not checked to the end.\n\n"
      "Examples:\n"
      "  coppice -C bench check\n"
      "  coppice -C bench check --against ws://shop.local:7400/shop");
  verb.callback([&parsed] { parsed.line.verb = parsed.check; });
}

void add_stats(CLI::App& app, Parsed& parsed) {
  auto& verb = *app.add_subcommand("stats", "What the replica is made of, and who pins its pages");
  add_form(verb, parsed.stats.form, "One JSON document");
  verb.footer(
      "Works while an application uses the replica. Free pages are used again before the file\n"
      "grows; `coppice compact` gives them back.\n\n"
      "Example:\n  coppice -C bench stats");
  verb.callback([&parsed] { parsed.line.verb = parsed.stats; });
}

void add_compact(CLI::App& app, Parsed& parsed) {
  auto& verb = *app.add_subcommand("compact", "Gives free pages back to the disk");
  add_form(verb, parsed.compact.form, "One JSON document");
  verb.footer(
      "Nobody else may have the replica open. The old file stays until the new one is on the disk\n"
      "and was counted against it; needs room for both.\n\n"
      "Example:\n  coppice -C bench compact");
  verb.callback([&parsed] { parsed.line.verb = parsed.compact; });
}

void add_globals(CLI::App& app, Place& place) {
  app.add_option("-C,--replica", place.replica, "The replica's folder (default: this folder)")
      ->type_name("FOLDER");
  app.add_option(
         "--token-file", place.token_file,
         "The file with our access token (default: COPPICE_TOKEN, or the replica's \"token\")")
      ->type_name("FILE");
  app.add_flag_function(
      "-q,--quiet", [&place](std::int64_t) { place.chatter = Chatter::quiet; },
      "No progress and no summaries");
  app.set_version_flag("--version", "coppice " COPPICE_VERSION);
  app.fallthrough();  // "coppice ls -C bench" too
  app.footer(kExamples);
}

Exit refuse(const std::string& sentence) {
  std::cerr << "coppice: " << sentence << "\nTry 'coppice --help', or 'coppice VERB --help'.\n";
  return {kExitUsage};
}

Exit finish(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    return {app.exit(error)};  // help or version
  }
  return refuse(error.what());
}

}  // namespace

std::variant<CommandLine, Exit> parse_command_line(int argc, const char* const* argv) {
  Parsed parsed;
  CLI::App app(kAbout, "coppice");
  add_globals(app, parsed.line.place);
  add_status(app, parsed);
  add_ls(app, parsed);
  add_get(app, parsed);
  add_query(app, parsed);
  add_watch(app, parsed);
  add_import(app, parsed);
  add_sync(app, parsed);
  add_schema(app, parsed);
  add_check(app, parsed);
  add_stats(app, parsed);
  add_compact(app, parsed);
  add_borrowing_verbs(app, parsed.line);
  add_transfer_verbs(app, parsed.line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return finish(app, error);
  }
  if (app.get_subcommands().empty()) return refuse("Say what to do: coppice VERB.");
  return parsed.line;
}

}  // namespace coppice::command
