#pragma once

#include <chrono>
#include <string>

#include "client/command/place.h"

namespace CLI {
class App;
}

// Options that several verbs share.
namespace coppice::command {

void add_form(CLI::App& verb, Form& form, const std::string& help);
void add_server(CLI::App& verb, std::string& server, const std::string& help);
void add_patience(CLI::App& verb, std::chrono::seconds& patience);

// What is wrong with an URL, for CLI11; empty: nothing.
std::string check_url(const std::string& text);

}  // namespace coppice::command
