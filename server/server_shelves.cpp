// The part of ServerCore that keeps copies of unfinished work.

#include "server/server_core.h"
#include "server/session.h"
#include "server/shelves.h"

namespace coppice::server {
namespace {

constexpr std::size_t kFetchedMax = 1'000;

}  // namespace

std::string ServerCore::take_shelves(Session& session, Incoming& frame) {
  const auto wrong = read_untrusted([&] {
    for (Shelf& shelf :
         read_shelves(frame.message().getShelve(), session.client, now_us_, options_))
      shelved_.push_back(std::move(shelf));
  });
  return wrong.value_or("");
}

void ServerCore::keep_shelves() {
  if (shelved_.empty()) return;
  try {
    store_shelves(database_, tables_, shelved_);
  } catch (const NoSpaceError& e) {
    // A copy is missing; the work itself is where it was.
    log(LogLevel::error, e.what());
  }
  shelved_.clear();
}

std::string ServerCore::show_shelves(Session& session, Incoming& frame) {
  keep_shelves();
  std::vector<Shelf> seen;
  std::string wrong;
  const auto broken = read_untrusted([&] {
    const auto records = frame.message().getFetchShelves();
    if (records.size() > kFetchedMax) {
      wrong = "Too many shelves are asked for at once.";
      return;
    }
    const auto txn = database_.read();
    const Permit permit =
        Users(tables_).permit(txn, *database_.catalogue(), *clients_.find(session.client));
    for (const auto record : records) {
      const AnyKey name(TreeId{record.getTree()}, KeyWord(RecordId{record.getId()}, Revision{0}));
      for (Shelf& shelf : Shelves(tables_.shelves).of(txn, name)) {
        if (may_see(shelf, clients_, session.client, permit)) seen.push_back(std::move(shelf));
      }
    }
  });
  if (broken) return *broken;
  if (!wrong.empty()) return wrong;
  send(session, shelves_message(seen, clients_, options_.unit_bytes_max));
  return {};
}

}  // namespace coppice::server
