#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "coppice/protocol.capnp.h"
#include "schema/tree_info.h"
#include "server/clients.h"
#include "server/greeting.h"
#include "server/types.h"
#include "wire/frame.h"

namespace coppice::server {

// The protocol's messages from the authority's own values. Encoding cannot fail.

void fill(protocol::Holder::Builder to, const Holder& holder);
void fill(protocol::Refusal::Builder to, const Refusal& refusal);

// An Answer as it is stored and sent: one segment without segment table.
std::vector<std::uint64_t> encode_answer(std::uint64_t operation, const Decision& decision);

// Several answers to one client.
wire::Frame answers_message(std::span<const std::vector<std::uint64_t>> answers);
// Why a hello cannot be served.
wire::Frame refused_message(const Error& error);
// As many messages as their size asks for.
std::vector<wire::Frame> catalogue_messages(const std::vector<TreeInfoPtr>& versions);
wire::Frame clients_message(std::span<const Client> clients);
// Changes without a record: the client has everything up to here.
wire::Frame position_message(std::uint64_t cursor);
wire::Frame offer_message(const Offer& offer);
wire::Frame described_message(const Identity& identity, const std::string& server_name,
                              std::uint64_t head);

}  // namespace coppice::server
