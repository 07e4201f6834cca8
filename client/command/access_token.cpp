#include "client/command/access_token.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace coppice::command {

std::string access_token(const Place& place) {
  const bool named = !place.token_file.empty();
  const char* variable = std::getenv("COPPICE_TOKEN");
  if (!named && variable != nullptr) return variable;
  const auto path = named ? place.token_file : place.replica / "token";
  std::ifstream file(path);
  if (!file) {
    if (named) throw std::runtime_error("The token file " + path.string() + " cannot be read.");
    return {};
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace coppice::command
