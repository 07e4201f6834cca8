#pragma once

#include "client/transport.h"

namespace coppice::client {

// The transport of programs: ws:// over real sockets.
std::unique_ptr<Transport> make_websocket_transport(wire::ClientEvents& events);

}  // namespace coppice::client
