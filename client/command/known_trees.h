#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "client/command/place.h"
#include "schema/catalogue.h"

namespace coppice::command {

// The catalogue of a database folder, a replica's or a server's, while others may be using it.
// Throws StorageError.
std::shared_ptr<const Catalogue> read_catalogue(const std::filesystem::path& folder);

// What a schema is compared with: such a folder, a server that runs ("ws://shop.local/shop"), or a
// schema file ("old.capnp"), of which only the newest version is known. Errors: as compile_schema
// and ask_for_catalogue. Throws StorageError.
Result<std::shared_ptr<const Catalogue>> known_trees(const Place& place, const std::string& where,
                                                     const std::vector<std::string>& imports);

}  // namespace coppice::command
