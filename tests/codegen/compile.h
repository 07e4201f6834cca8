#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codegen/resolve.h"
#include "schema/tree_info.h"

// Schemas that tests make up as they go: compiled by the real `capnp`, resolved in this process.
namespace coppice::test {

// An empty folder of this test's own, removed with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view text);

// What a program wrote to both of its outputs, and its exit code.
struct Run {
  int exit_code = -1;
  std::string output;
};
// Runs a command line of the shell. REQUIRES: no quotes are needed around what it is made of.
Run run(const std::string& command);
// The same with `capnp compile`, the import paths of Coppice and Cap'n Proto, and these arguments.
Run run_capnp(const std::string& arguments);

// The compiler's request for a file, as the plugin would get it. Fails the test if the file does
// not compile.
std::vector<std::uint64_t> compile(const std::filesystem::path& schema);
codegen::Resolution resolve_request(const std::vector<std::uint64_t>& request);

// From a schema's text, without its id and imports: Coppice and Cxx are imported already, the file
// is called test.capnp.
codegen::Resolution resolve_text(std::string_view declarations);

// The tree of this name out of a schema's text, as a program compiled with it would offer it. Fails
// the test if there is none.
TreeInfoPtr tree_in(std::string_view declarations, std::string_view name = "parts");

// tests/codegen/schemas/shop.capnp with every `first` replaced by `second`: another version of the
// same shop, to be compiled by tree_in_shop.
using Replacement = std::pair<std::string_view, std::string_view>;
TreeInfoPtr tree_in_shop(std::string_view name, const std::vector<Replacement>& changes = {});

// The shop a few years on: records have fields, a union member, an enumerant and a struct that
// shop.capnp does not know.
TreeInfoPtr newer_tree_in_shop(std::string_view name);

}  // namespace coppice::test
