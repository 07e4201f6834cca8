#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <capnp/message.h>

#include "coppice/protocol.capnp.h"
#include "wire/frame.h"

namespace coppice::server {

// A message to a client, built where it is sent from: if it fits into `expected_bytes` it is one
// segment, and its bytes are never copied. A larger one is right too, and is copied once.
class Outgoing {
 public:
  explicit Outgoing(std::size_t expected_bytes);

  protocol::ToClient::Builder message() { return root_; }
  // The message as a frame. The builder must not be used afterwards.
  wire::Frame finish();

 private:
  // Cap'n Proto's own builder wipes memory that it was given; this one leaves the first segment to
  // the frame.
  class Builder final : public capnp::MessageBuilder {
   public:
    explicit Builder(std::size_t expected_words) : expected_words_(expected_words) {}
    kj::ArrayPtr<capnp::word> allocateSegment(unsigned minimum_words) override;

    struct Free {
      void operator()(capnp::word* memory) const;
    };
    // Word 0 is left for the segment table; the first segment begins at word 1.
    std::shared_ptr<capnp::word> first;

   private:
    std::size_t expected_words_;
    std::vector<std::unique_ptr<capnp::word, Free>> more_;
  };

  Builder builder_;
  protocol::ToClient::Builder root_;
};

}  // namespace coppice::server
