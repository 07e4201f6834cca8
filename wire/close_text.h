#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "wire/limits.h"

namespace coppice::wire {

// `text` as it fits into a WebSocket close frame: at most `size_bytes_max` bytes, cut between two
// characters, and with '?' for every byte that is not UTF-8 (a peer must fail a close frame that is
// not).
std::string close_text(std::string_view text, std::size_t size_bytes_max = kCloseTextBytesMax);

}  // namespace coppice::wire
