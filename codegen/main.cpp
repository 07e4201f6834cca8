// capnpc-coppice: the Cap'n Proto compiler's plugin that makes typed C++ of trees. The compiler
// starts it in the output folder and writes its request to standard input.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include <capnp/serialize.h>
#include <kj/exception.h>

#include "codegen/render.h"
#include "codegen/resolve.h"

namespace {

constexpr const char* kHelp =
    R"(capnpc-coppice: makes C++ of the trees in a Cap'n Proto schema, for the Coppice framework.

It is a plugin of the Cap'n Proto compiler, which starts it by itself:

  capnp compile -oc++:out -ocoppice:out -I COPPICE/schema shop.capnp

writes out/shop.capnp.h and .c++, and beside them out/shop.coppice.h and .cpp with a
coppice::TreeOf<...> for each struct that has the annotation $Coppice.tree. In CMake:

  coppice_generate(my_target shop.capnp)
)";

void write_file(const std::filesystem::path& path, const std::string& text) {
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

int generate() {
  capnp::ReaderOptions trusted{.traversalLimitInWords = kj::maxValue, .nestingLimit = 1 << 16};
  capnp::StreamFdMessageReader request(STDIN_FILENO, trusted);
  auto resolution =
      coppice::codegen::resolve(request.getRoot<capnp::schema::CodeGeneratorRequest>());
  for (const auto& problem : resolution.problems) std::cerr << problem << '\n';
  if (!resolution.problems.empty()) return 1;
  for (const auto& file : resolution.files) {
    write_file(file.output + ".h", coppice::codegen::render_header(file));
    write_file(file.output + ".cpp", coppice::codegen::render_source(file));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view argument = argc > 1 ? argv[1] : "";
  if (argument == "--version") {
    std::cout << "capnpc-coppice " COPPICE_VERSION "\n";
    return 0;
  }
  if (argument == "--help" || (argc == 1 && isatty(STDIN_FILENO))) {
    std::cout << kHelp;
    return 0;
  }
  if (argc > 1) {
    std::cerr << "capnpc-coppice: unknown argument '" << argument << "'; try --help\n";
    return 1;
  }
  try {
    return generate();
  } catch (const kj::Exception& e) {
    std::cerr << "capnpc-coppice: standard input is no request of the Cap'n Proto compiler: "
              << e.getDescription().cStr() << '\n';
  } catch (const std::exception& e) {
    std::cerr << "capnpc-coppice: " << e.what() << '\n';
  }
  return 1;
}
