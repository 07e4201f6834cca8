// The smallest program that uses a server. Try it: ./hello ws://127.0.0.1:7400/shop

#include <csignal>
#include <filesystem>
#include <iostream>
#include <string>

#include <unistd.h>

// [readme]
#include <coppice/client.h>

#include "hello.coppice.h"  // generated from hello.capnp

void run(const std::string& folder, const std::string& url) {
  auto client = coppice::Client::open(folder, {.trees = coppice::trees<shop::Part>()});
  client.connect(url).value();                  // returns at once
  client.lease<shop::Part>(100).get().value();  // ids for new parts: now creating needs no server

  auto create = [](coppice::Transaction& t) {
    return t.create<shop::Part>([](auto part) { part.setNumber("R-0603-10K"); });
  };
  auto key = client.write(create).value();  // durable, and visible at once
  auto now = client.snapshot();             // consistent, never blocked, no copy
  for (auto part : now.tree<shop::Part>()) std::cout << part->getNumber().cStr() << "\n";

  client.check_out(key, {.reason = "wrong tolerance"}).get().value();  // or held: by whom, and why
  auto edit = [&](coppice::Transaction& t) {
    t.edit(key).setTitle("10k 1%");
    t.check_in(key, "tolerance corrected");
  };
  client.write(edit).value();
  client.flushed().get().value();  // the server has it, too
}
// [readme]

namespace {

// Without a server ever seen there are no ids for new records, but the replica is there, and can be
// read.
void run_offline(const std::string& folder) {
  auto client =
      coppice::Client::open(folder, {.name = "bench 3", .trees = coppice::trees<shop::Part>()});
  std::cout << "The replica in " << folder << " has " << client.snapshot().count<shop::Part>()
            << " parts, and ids left for " << client.ids_left(coppice::TreeOf<shop::Part>::id)
            << " new ones. Ids are leased from a server: start coppice-server, and give its URL as "
               "an argument.\n";
}

// A folder that goes away with this object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = (std::filesystem::temp_directory_path() / "coppice-hello-XXXXXX").string();
    if (!mkdtemp(path_.data())) throw std::runtime_error("No folder " + path_ + " can be made.");
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A program with a loop of its own would look at Client::status() instead, and tell its user why
// nothing comes.
void give_up(int) {
  constexpr std::string_view text =
      "hello: no answer for 20 seconds; does the server run, with a database of this name?\n";
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) _exit(3);
  _exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) {
    std::cerr << "usage: hello [URL]\n";
    return 2;
  }
  try {
    const TemporaryFolder folder;
    if (argc == 2) {
      std::signal(SIGALRM, give_up);
      alarm(20);
      run(folder.path(), argv[1]);
    } else {
      run_offline(folder.path());
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "hello: " << error.what() << "\n";
    return 1;
  }
}
