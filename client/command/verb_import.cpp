#include <algorithm>
#include <iostream>
#include <optional>

#include "client/command/find_tree.h"
#include "client/command/import_file.h"
#include "client/command/online.h"
#include "client/command/verbs.h"

namespace coppice::command {
namespace {

constexpr std::size_t kProblemsShown = 20;

void print_problems(const std::vector<std::string>& problems) {
  const std::size_t shown = std::min(problems.size(), kProblemsShown);
  for (std::size_t i = 0; i < shown; ++i) std::cerr << problems[i] << '\n';
  if (problems.size() > shown) {
    std::cerr << "... and " << problems.size() - shown << " more.\n";
  }
}

// Reads and judges the file; its problems are told, and are an error unless they are to be skipped.
Result<ImportFile> read_file(const ImportVerb& verb, const Catalogue& catalogue) {
  const auto tree = find_tree(catalogue, verb.tree);
  if (!tree) return tree.error();
  auto file = ImportFile::read(verb.file, *tree);
  if (!file) return file;
  print_problems(file->problems());
  if (!file->problems().empty() && verb.on_error == ImportVerb::OnError::stop) {
    return error(Errc::invalid, std::to_string(file->problems().size()) +
                                    " records are broken, so nothing was imported. "
                                    "Mend them, or use --on-error skip.");
  }
  return file;
}

std::string skipped(const ImportFile& file) {
  if (file.problems().empty()) return ".";
  return ", " + std::to_string(file.problems().size()) + " skipped.";
}

// One run of the verb on an open replica.
class Import {
 public:
  Import(Client& client, const Place& place, const ImportVerb& verb)
      : client_(client),
        place_(place),
        verb_(verb),
        progress_(place.chatter),
        online_(client, verb.patience, interrupts_, progress_) {}

  Result<Done> run() {
    if (auto connected = connect(); !connected) return connected;
    const auto file = read_file(verb_, client_.snapshot().catalogue());
    if (!file) return file.error();
    tree_ = client_.snapshot().catalogue().find(verb_.tree)->id();
    if (auto ids = have_ids(file->count()); !ids) return ids;
    if (auto written = write(*file); !written) return in_part(written.error(), *file);
    if (!verb_.server.empty()) {
      if (auto uploaded = online_.wait_until_settled(); !uploaded) {
        return in_part(uploaded.error(), *file);
      }
    }
    print_summary(*file);
    return Done{};
  }

 private:
  Result<Done> connect() {
    if (verb_.server.empty()) return Done{};
    if (auto connecting = online_.connect(place_, verb_.server); !connecting) return connecting;
    return online_.wait_until(
        [](const Status& status) { return status.connection == Connection::live; });
  }

  // Ids for all records before the first is written: an import that cannot end does not begin.
  Result<Done> have_ids(std::size_t count) {
    while (client_.ids_left(tree_) < count) {
      const std::uint64_t left = client_.ids_left(tree_);
      if (verb_.server.empty()) {
        return error(Errc::lease_exhausted,
                     "This replica can make " + std::to_string(left) + " more records in tree '" +
                         verb_.tree + "' off line, and the file has " + std::to_string(count) +
                         ". Nothing was imported. Connect for more with --server URL.");
      }
      auto leasing = client_.lease(tree_, count - left);
      auto answered =
          online_.wait_until([&](const Status&) { return leasing.result().has_value(); });
      if (!answered) return answered;
      if (!*leasing.result()) return leasing.result()->error();
    }
    return Done{};
  }

  Result<Done> write(const ImportFile& file) {
    ImportFile::Bodies bodies(file);
    while (written_ < file.count()) {
      if (interrupts_.pending()) return error(Errc::cancelled, "Interrupted.");
      const std::size_t end = std::min<std::size_t>(file.count(), written_ + verb_.batch_records);
      const auto batch = client_.write([&](Transaction& t) {
        for (std::size_t i = written_; i < end; ++i) t.create(tree_, *bodies.next());
      });
      if (!batch) return batch.error();
      written_ = end;
      progress_.show(std::to_string(written_) + " of " + std::to_string(file.count()) +
                     " records written");
      client_.poll();
    }
    progress_.clear();
    return Done{};
  }

  // Says how much of it there is in spite of an error: what was written stays.
  Error in_part(Error error, const ImportFile& file) {
    progress_.clear();
    const auto waiting = client_.status().outbox;
    error.message += " " + std::to_string(written_) + " of " + std::to_string(file.count()) +
                     " records were imported and are safe in the replica; " +
                     std::to_string(waiting) + " transactions wait to be sent.";
    return error;
  }

  void print_summary(const ImportFile& file) {
    if (place_.chatter == Chatter::quiet) return;
    const auto waiting = client_.status().outbox;
    std::cout << written_ << " records imported" << skipped(file);
    if (waiting > 0) std::cout << ' ' << waiting << " transactions wait to be sent.";
    std::cout << '\n';
  }

  Client& client_;
  const Place& place_;
  const ImportVerb& verb_;
  const Interrupts interrupts_;
  Progress progress_;
  OnlineWork online_;
  TreeId tree_;
  std::size_t written_ = 0;
};

Result<Done> dry_run(const Place& place, const ImportVerb& verb) {
  const Client client = open_to_read(place);
  const auto file = read_file(verb, client.snapshot().catalogue());
  if (!file) return file.error();
  std::cout << file->count() << " records would be imported" << skipped(*file) << '\n';
  return Done{};
}

}  // namespace

Result<Done> run(const Place& place, const ImportVerb& verb) {
  if (verb.run == ImportVerb::Run::dry) return dry_run(place, verb);
  Client client = open_to_write(place);
  return Import(client, place, verb).run();
}

}  // namespace coppice::command
