#pragma once

#include <string>
#include <vector>

#include <capnp/schema.capnp.h>

#include "codegen/model.h"

namespace coppice::codegen {

// Either files or problems. A problem is a complete message: "shop.capnp: struct Part: why, and
// what to do."
struct Resolution {
  std::vector<FileModel> files;
  std::vector<std::string> problems;
};

// From the compiler's request to what the templates need. Every mistake that a schema's author can
// make is found here, all of them in one run; what is rendered from the result compiles, and its
// schemas load.
Resolution resolve(capnp::schema::CodeGeneratorRequest::Reader request);

}  // namespace coppice::codegen
