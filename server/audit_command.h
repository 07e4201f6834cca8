#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace coppice::server {

// Prints the audit log of the database in `data`, which a server may be using, one entry on a line:
// what was decided, when, for whom, about which records, and why. `record` as "parts:4711": only
// what is about it; empty: everything. At most the last `count_max` entries. Returns the exit code.
// Throws StorageError.
int print_audit(const std::filesystem::path& data, const std::string& record,
                std::uint64_t count_max);

}  // namespace coppice::server
