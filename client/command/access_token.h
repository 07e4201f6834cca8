#pragma once

#include <string>

#include "client/command/place.h"

namespace coppice::command {

// The access token to connect with: from --token-file, else from the environment variable
// COPPICE_TOKEN, else from the file "token" in the replica's folder; empty if there is none of
// them. Throws std::runtime_error if the named file cannot be read.
std::string access_token(const Place& place);

}  // namespace coppice::command
