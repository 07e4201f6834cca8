#pragma once

#include "coppice/error.h"
#include "coppice/protocol.capnp.h"
#include "wire/frame.h"

namespace coppice::client {

// Between what travels and what programs see.
Holder to_holder(protocol::Holder::Reader holder);
void set_holder(protocol::Holder::Builder to, const Holder& from);
Error to_error(protocol::Refusal::Reader refusal);
void set_refusal(protocol::Refusal::Builder to, const Error& from);
// One error that carries all of them. REQUIRES: at least one.
Error combine(std::vector<Error> reasons);
Error to_error(capnp::List<protocol::Refusal>::Reader refusals);

// The finished message in standard stream framing.
wire::Frame to_frame(capnp::MessageBuilder& message);

}  // namespace coppice::client
