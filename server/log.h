#pragma once

#include <functional>
#include <string>

#include "server/options.h"

namespace coppice::server {

// Writes lines with time and level to standard error. `level`: debug, info, warning, error or off.
// Any thread. The only place that knows spdlog.
std::function<void(LogLevel, const std::string&)> log_to_standard_error(const std::string& level);

}  // namespace coppice::server
