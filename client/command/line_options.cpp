#include "client/command/line_options.h"

#include <CLI/CLI.hpp>

#include "wire/url.h"

namespace coppice::command {

std::string check_url(const std::string& text) {
  const auto url = wire::parse_url(text);
  return url ? std::string() : url.error().sentence;
}

void add_form(CLI::App& verb, Form& form, const std::string& help) {
  verb.add_flag_function(
      "--json", [&form](std::int64_t) { form = Form::json; }, help);
}

void add_server(CLI::App& verb, std::string& server, const std::string& help) {
  verb.add_option("--server", server, help)->check(check_url)->type_name("URL");
}

void add_patience(CLI::App& verb, std::chrono::seconds& patience) {
  verb.add_option_function<unsigned>(
          "--wait", [&patience](unsigned seconds) { patience = std::chrono::seconds(seconds); },
          "Give up after so long without a connection (default 10)")
      ->type_name("SECONDS");
}

}  // namespace coppice::command
