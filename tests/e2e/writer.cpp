// A client that works off line: writes parts until it is killed, ten to a transaction. Each time
// write() has returned it prints the keys of the first and the last of them on a line.

#include <cstdio>

#include "coppice/client.h"
#include "shop.capnp.h"
#include "shop.coppice.h"

namespace {

constexpr int kPartsPerTransaction = 10;

using Keys = std::pair<coppice::Key<shop::Part>, coppice::Key<shop::Part>>;

Keys create_ten(coppice::Transaction& transaction) {
  Keys keys;
  for (int i = 0; i < kPartsPerTransaction; ++i) {
    keys.second = transaction.create<shop::Part>([&](shop::Part::Builder part) {
      part.setNumber(std::to_string(i));
      part.setTitle("made while nobody listened");
    });
    if (i == 0) keys.first = keys.second;
  }
  return keys;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  coppice::Client::Options options;
  options.name = "writer";
  options.trees = coppice::trees<shop::Part, shop::Company, shop::Movement>();
  coppice::Client client = coppice::Client::open(argv[1], std::move(options));
  for (;;) {
    const auto keys = client.write(create_ten);
    if (!keys) {
      std::fprintf(stderr, "%s\n", keys.error().message.c_str());
      return 1;
    }
    std::printf("%s %s\n", client.format(keys->first).c_str(), client.format(keys->second).c_str());
    std::fflush(stdout);
  }
}
