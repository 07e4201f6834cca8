#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "coppice/key.h"

namespace coppice {

namespace client {
struct LiveState;
}

// A query whose answer is kept up to date: the keys of its answer at the start, and from then on an
// event for each change, with the query's number (Event::query). Nothing lies between them and
// nothing comes twice. Ends with this object; events that are on their way then still come.
//
// The answer is a set of revisions: where a new revision takes the place of another, one leaves and
// one enters. With a limit it is those records that come first.
//
// Move-only. Threads: any.
class AnyLiveQuery {
 public:
  AnyLiveQuery(std::shared_ptr<client::LiveState> state, std::vector<AnyKey> start);
  AnyLiveQuery(AnyLiveQuery&&) noexcept;
  AnyLiveQuery& operator=(AnyLiveQuery&&) noexcept;
  ~AnyLiveQuery();

  // Names it among the live queries of its client. Never 0.
  std::uint64_t number() const;
  // The answer when it was made, in the query's order.
  const std::vector<AnyKey>& start() const { return start_; }

 private:
  std::shared_ptr<client::LiveState> state_;
  std::vector<AnyKey> start_;
};

// The same for one type.
template <typename T>
class LiveQuery {
 public:
  explicit LiveQuery(AnyLiveQuery query) : query_(std::move(query)) {
    for (const AnyKey key : query_.start()) start_.emplace_back(key.word);
  }
  std::uint64_t number() const { return query_.number(); }
  const std::vector<Key<T>>& start() const { return start_; }

 private:
  AnyLiveQuery query_;
  std::vector<Key<T>> start_;
};

}  // namespace coppice
