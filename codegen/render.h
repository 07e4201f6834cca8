#pragma once

#include <string>

#include "codegen/model.h"

namespace coppice::codegen {

// The text of FILE.coppice.h: for each tree its specialisation of coppice::TreeOf, an alias for its
// keys, and a list of its fields.
std::string render_header(const FileModel& file);

// The text of FILE.coppice.cpp: the embedded schemas.
std::string render_source(const FileModel& file);

}  // namespace coppice::codegen
