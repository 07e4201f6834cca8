#pragma once

#include <string>
#include <string_view>

#include "coppice/error.h"

namespace coppice::client {

// The bytes of an access token as `coppice-server user add` printed it: 64 hexadecimal digits, with
// white space around them. Empty for an empty text. Errors: bad_request.
Result<std::string> parse_access_token(std::string_view text);

}  // namespace coppice::client
