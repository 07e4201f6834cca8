#include "client/known_lines.h"

#include <cstring>
#include <map>
#include <vector>

#include <capnp/message.h>
#include <capnp/serialize.h>

#include "schema/body_shape.h"

namespace coppice::client {
namespace {

AnyKey record_of(protocol::Lines::Line::Reader line) {
  return {TreeId{line.getTree()}, KeyWord(RecordId{line.getId()}, Revision{0})};
}

using Lines = std::map<AnyKey, Waiters>;

// An empty line is none.
void add(Lines& lines, protocol::Lines::Reader from) {
  for (const auto line : from.getLines()) {
    Waiters waiters;
    for (const std::uint32_t client : line.getWaiting()) waiters.clients.push_back(client);
    waiters.kept_for = line.getKeptFor();
    waiters.until_us = line.getUntil();
    if (waiters.clients.empty() && waiters.kept_for == 0) {
      lines.erase(record_of(line));
    } else {
      lines.insert_or_assign(record_of(line), std::move(waiters));
    }
  }
}

// What was stored was written by encode() below.
Lines stored_lines(const Replica& replica, const store::Txn& txn) {
  Lines lines;
  const std::string text = replica.database().meta().text(txn, fact::kLines);
  if (text.empty()) return lines;
  std::vector<std::uint64_t> words(text.size() / 8);
  std::memcpy(words.data(), text.data(), words.size() * 8);
  add(lines, capnp::readMessageUnchecked<protocol::Lines>(
                 reinterpret_cast<const capnp::word*>(words.data())));
  return lines;
}

std::string encode(const Lines& lines) {
  if (lines.empty()) return {};
  capnp::MallocMessageBuilder message;
  auto list = message.initRoot<protocol::Lines>().initLines(static_cast<unsigned>(lines.size()));
  unsigned at = 0;
  for (const auto& [record, waiters] : lines) {
    auto line = list[at++];
    line.setTree(record.tree.value);
    line.setId(record.id().value);
    line.setKeptFor(waiters.kept_for);
    line.setUntil(waiters.until_us);
    auto waiting = line.initWaiting(static_cast<unsigned>(waiters.clients.size()));
    for (unsigned i = 0; i < waiting.size(); ++i) waiting.set(i, waiters.clients[i]);
  }
  const auto words = canonical_words(message.getRoot<protocol::Lines>().asReader());
  return {reinterpret_cast<const char*>(words.data()), words.size() * 8};
}

}  // namespace

void take_lines(Replica& replica, protocol::Lines::Reader news) {
  replica.database().write([&](store::WriteTxn& txn) {
    Lines lines = news.getWhole() ? Lines{} : stored_lines(replica, txn);
    add(lines, news);
    replica.database().meta().set_text(txn, fact::kLines, encode(lines));
  });
}

Waiters waiters_of(const Replica& replica, const store::Txn& txn, AnyKey record) {
  const Lines lines = stored_lines(replica, txn);
  const auto found = lines.find(record.record());
  return found == lines.end() ? Waiters{} : found->second;
}

}  // namespace coppice::client
