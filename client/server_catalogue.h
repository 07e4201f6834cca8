#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/transport.h"
#include "schema/catalogue.h"

namespace coppice::client {

// Asks a server what is in its database, without being a replica of it: nothing is made here, and
// the server remembers nothing. Blocks until the answer has come; `keep_waiting` is asked several
// times a second.
//
// `token`: a user's access token, or empty. Errors: bad_request (no URL, no token), offline,
// cancelled (keep_waiting was false), and what the server says: foreign_database, protocol_version,
// unknown_user.
Result<std::shared_ptr<const Catalogue>> ask_for_catalogue(
    const std::string& url, const std::string& token, const TransportFactory& transport,
    const std::function<bool()>& keep_waiting);

}  // namespace coppice::client
