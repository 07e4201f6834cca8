#include "server/news_messages.h"

#include "coppice/protocol.capnp.h"
#include "server/messages.h"
#include "server/outgoing.h"

namespace coppice::server {
namespace {

// About what one of them takes, with texts of usual length.
constexpr std::size_t kBytesEach = 512;

}  // namespace

wire::Frame ended_message(std::span<const Ending> endings, const Clients& clients) {
  Outgoing out(kBytesEach * endings.size() + 128);
  auto list = out.message().initEnded(static_cast<unsigned>(endings.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    const Ending& ending = endings[i];
    list[i].setTree(ending.record.tree.value);
    list[i].setId(ending.record.id().value);
    list[i].setToken(ending.token);
    list[i].setHow(static_cast<protocol::Ending::How>(ending.how));
    fill(list[i].initHolder(), clients.person(ending.holder));
    fill(list[i].initBy(), clients.person(ending.by));
    list[i].setTime(ending.time_us);
    list[i].setReason(ending.reason);
    list[i].setSequence(ending.sequence);
  }
  return out.finish();
}

wire::Frame hand_overs_message(std::span<const HandOver> offers,
                               std::span<const ClientNumber> holders, const Clients& clients) {
  Outgoing out(kBytesEach * offers.size() + 128);
  auto list = out.message().initHandOvers(static_cast<unsigned>(offers.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    list[i].setTree(offers[i].record.tree.value);
    list[i].setId(offers[i].record.id().value);
    fill(list[i].initHolder(), clients.person(holders[i]));
    fill(list[i].initBy(), clients.person(offers[i].by));
    list[i].setTime(offers[i].time_us);
    list[i].setReason(offers[i].reason);
  }
  return out.finish();
}

wire::Frame nudged_message(std::span<const Nudge> nudges, const Clients& clients) {
  Outgoing out(kBytesEach * nudges.size() + 128);
  auto list = out.message().initNudged(static_cast<unsigned>(nudges.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    list[i].setTree(nudges[i].record.tree.value);
    list[i].setId(nudges[i].record.id().value);
    fill(list[i].initBy(), clients.person(nudges[i].by));
    list[i].setTime(nudges[i].time_us);
    list[i].setText(nudges[i].text);
  }
  return out.finish();
}

wire::Frame lines_message(std::span<const WaitingLines::Standing> lines, LinesAre which) {
  Outgoing out(64 * lines.size() + 128);
  auto message = out.message().initLines();
  message.setWhole(which == LinesAre::all);
  auto list = message.initLines(static_cast<unsigned>(lines.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    const WaitingLines::Standing& line = lines[i];
    list[i].setTree(line.record.tree.value);
    list[i].setId(line.record.id().value);
    auto waiting = list[i].initWaiting(static_cast<unsigned>(line.waiting.size()));
    for (unsigned place = 0; place < waiting.size(); ++place)
      waiting.set(place, line.waiting[place].value);
    if (!line.kept) continue;
    list[i].setKeptFor(line.kept->waiter.client.value);
    list[i].setUntil(line.kept->until_us);
  }
  return out.finish();
}

}  // namespace coppice::server
