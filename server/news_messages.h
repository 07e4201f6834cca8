#pragma once

#include <span>
#include <vector>

#include "server/borrow_notes.h"
#include "server/clients.h"
#include "server/endings.h"
#include "server/waiting_lines.h"
#include "wire/frame.h"

namespace coppice::server {

// Messages about borrows of others, from the authority's own values: as messages.h.

wire::Frame ended_message(std::span<const Ending> endings, const Clients& clients);
// `holders` are the clients that have what is offered, one for each.
wire::Frame hand_overs_message(std::span<const HandOver> offers,
                               std::span<const ClientNumber> holders, const Clients& clients);
wire::Frame nudged_message(std::span<const Nudge> nudges, const Clients& clients);
enum class LinesAre { all, changes };
wire::Frame lines_message(std::span<const WaitingLines::Standing> lines, LinesAre which);

}  // namespace coppice::server
