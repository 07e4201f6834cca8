// The part of Client that makes ready to leave the line.

#include "client/client_implementation.h"
#include "client/record_sets.h"
#include "coppice/client.h"

namespace coppice {

std::vector<AnyKey> Client::with_references(std::vector<AnyKey> records,
                                            const std::vector<TreeId>& trees) const {
  return client::with_references(snapshot(), std::move(records), trees);
}

Pending<Ready> Client::prepare_offline(Preparation preparation) {
  auto& self = *implementation_;
  auto promise = self.promise<Ready>();
  // Before anything is queued: off line it would be asked for much later.
  auto possible = self.as_writer([&]() -> Result<Done> {
    if (auto writable = self.writable(); !writable) return writable;
    if (self.sync.on_line()) return Done{};
    return error(Errc::offline,
                 "We are off line: connect first, so that what is needed can be fetched.");
  });
  if (!possible) {
    promise.settle(possible.error());
    return promise.pending();
  }
  if (preparation.with_references)
    preparation.records = with_references(std::move(preparation.records), preparation.trees);
  std::vector<Pending<Leased>> leases;
  for (const auto& [tree, count] : preparation.ids) {
    const std::uint64_t left = ids_left(tree);
    if (left < count) leases.push_back(lease(tree, count - left));
  }
  std::optional<Pending<Borrow>> borrow;
  if (!preparation.records.empty())
    borrow = check_out(std::move(preparation.records), preparation.options);
  auto asked = self.as_writer([&]() -> Result<Done> {
    self.sync.when_prepared({std::move(borrow), std::move(leases), promise});
    return Done{};
  });
  if (!asked) promise.settle(asked.error());
  self.wake();
  return promise.pending();
}

}  // namespace coppice
