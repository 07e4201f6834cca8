#include "server/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

namespace coppice::server {
namespace {

constexpr int kUsageError = 2;

constexpr const char* kFooter = R"(
Examples:
  coppice-server --data /var/lib/coppice/shop --name shop
      serves the database 'shop' to this machine, at ws://127.0.0.1:7400/shop
  coppice-server --data shop --name shop --listen 0.0.0.0:7400
      serves it to the whole network. While it has no users, everybody may change everything
  coppice-server --data shop user add ann --role admin > ann.token
      makes a user; from now on only users with an access token are let in
  coppice-server --data shop --check
      says whether the database is sound; may run beside a server

SIGINT or SIGTERM ends it in order; a second one at once. Nothing acknowledged is ever lost.)";

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
};

// "127.0.0.1:7400", "[::1]:7400".
std::optional<Endpoint> parse_endpoint(std::string text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  Endpoint endpoint{text.substr(0, colon), 0};
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, endpoint.port);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  if (endpoint.address.front() == '[' && endpoint.address.back() == ']') {
    endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
  }
  return endpoint;
}

std::string complain_about_endpoint(const std::string& text) {
  if (parse_endpoint(text)) return {};
  return "'" + text + "' is no ADDRESS:PORT, such as 127.0.0.1:7400";
}

std::string complain_about_name(const std::string& text) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  if (!text.empty() && text.size() <= 64 && std::ranges::all_of(text, allowed)) return {};
  return "'" + text +
         "' is no name of a database: use letters, digits, '_' and '-', at most 64 of them";
}

// Nothing: no number of days. Negative: "never".
std::optional<double> parse_days(const std::string& text) {
  if (text == "never") return -1;
  double days = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%lf%n", &days, &used) != 1) return std::nullopt;
  if (static_cast<std::size_t>(used) != text.size() || !(days >= 0 && days < 100'000))
    return std::nullopt;
  return days;
}

std::string complain_about_days(const std::string& text) {
  if (parse_days(text)) return {};
  return "'" + text + "' is neither a number of days nor 'never'";
}

// A verb of `user` or `role`.
CLI::App* add_action(CLI::App& app, Arguments& arguments, const char* name, const char* about,
                     UserCommand::Action action) {
  auto* verb = app.add_subcommand(name, about);
  verb->callback([&arguments, action] {
    arguments.job = Arguments::Job::user;
    arguments.user.action = action;
  });
  return verb;
}

void add_user_commands(CLI::App& app, Arguments& arguments) {
  using Action = UserCommand::Action;
  UserCommand& user = arguments.user;
  auto& verbs = *app.add_subcommand("user", "Who may come in; no server may run, but for list");
  verbs.require_subcommand(1);
  auto* add = add_action(verbs, arguments, "add", "Makes a user, and prints the access token once",
                         Action::add);
  add->add_option("NAME", user.name, "The user")->required();
  add->add_option("--role", user.role, "What the user may do: see `role list`")->required();
  add->add_option("--tree", user.trees, "Only in these trees (default: in all)")
      ->type_name("TREE ...");
  add_action(verbs, arguments, "list", "All users", Action::list);
  auto* remove =
      add_action(verbs, arguments, "remove", "Ends a user and all tokens of it", Action::remove);
  remove->add_option("NAME", user.name, "The user")->required();
  auto* token = add_action(verbs, arguments, "token", "Prints another access token", Action::token);
  token->add_option("NAME", user.name, "The user")->required();
  token->add_flag_function(
      "--replace", [&user](std::int64_t) { user.earlier_tokens = UserCommand::Earlier::end; },
      "The tokens of before end");
  auto* role = add_action(verbs, arguments, "role", "Gives a user another role", Action::role);
  role->add_option("NAME", user.name, "The user")->required();
  role->add_option("ROLE", user.role, "The role")->required();
}

void add_role_commands(CLI::App& app, Arguments& arguments) {
  UserCommand& user = arguments.user;
  auto& verbs = *app.add_subcommand("role", "What roles there are, and what rights they have");
  verbs.require_subcommand(1);
  add_action(verbs, arguments, "list", "All roles", UserCommand::Action::role_list);
  auto* set = add_action(verbs, arguments, "set", "Makes a role, or gives it other rights",
                         UserCommand::Action::role_set);
  set->add_option("NAME", user.name, "The role")->required();
  set->add_option("RIGHT", user.rights, "What it may do")->required();
}

}  // namespace

std::variant<Arguments, ExitCode> read_arguments(int count, char** texts) {
  Arguments arguments;
  std::string listen = "127.0.0.1:7400";
  std::string waiters_break = "7";
  bool check = false, compact = false;

  CLI::App app("The Coppice server: the authority of one database, which replicas sync with.",
               "coppice-server");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("coppice-server " COPPICE_VERSION));
  app.add_option("--data", arguments.data, "The folder of the database; made if it is not there")
      ->required();
  app.add_option("--listen", listen, "ADDRESS:PORT to listen on; port 0 lets the system choose")
      ->capture_default_str()
      ->check(complain_about_endpoint);
  app.add_option("--name", arguments.name, "The database's name: the path of its URL")
      ->capture_default_str()
      ->check(complain_about_name);
  app.add_option("--log-level", arguments.log_level, "How much to say on standard error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}));
  app.add_option("--overdue-after", arguments.overdue_days,
                 "A borrow is overdue when its holder was silent for so many days of our uptime")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->type_name("DAYS");
  app.add_option("--waiters-break-after", waiters_break,
                 "Who waits may break what is overdue for so many days, or never")
      ->capture_default_str()
      ->check(complain_about_days)
      ->type_name("DAYS|never");
  app.add_flag("--use-last-ids", arguments.use_last_ids,
               "Lease the last tenth of a tree's ids too, which is kept back otherwise");
  auto* checks =
      app.add_flag("--check", check, "Check the database and end: 0 if it is sound, 1 if not");
  app.add_flag("--compact", compact, "Give free pages back to the disk and end; no server may run")
      ->excludes(checks);
  add_user_commands(app, arguments);
  add_role_commands(app, arguments);
  auto& audit = *app.add_subcommand("audit", "Prints what was decided; may run beside a server");
  audit.callback([&arguments] { arguments.job = Arguments::Job::audit; });
  audit.add_option("KEY", arguments.audit_record, "Only about this record, as \"parts:4711\"");
  audit.add_option("--last", arguments.audit_count, "At most so many, the newest")
      ->capture_default_str()
      ->type_name("N");
  try {
    app.parse(count, texts);
  } catch (const CLI::Success& e) {
    app.exit(e);
    return ExitCode{0};
  } catch (const CLI::ParseError& e) {
    std::fprintf(stderr, "coppice-server: %s. See coppice-server --help.\n", e.what());
    return ExitCode{kUsageError};
  }
  const Endpoint endpoint = *parse_endpoint(listen);
  arguments.address = endpoint.address;
  arguments.port = endpoint.port;
  arguments.waiters_break_days = parse_days(waiters_break).value_or(-1);
  if (check) arguments.job = Arguments::Job::check;
  if (compact) arguments.job = Arguments::Job::compact;
  return arguments;
}

}  // namespace coppice::server
