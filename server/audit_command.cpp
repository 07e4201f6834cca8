#include "server/audit_command.h"

#include <capnp/schema.h>
#include <capnp/serialize.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <deque>

#include "server/audit.capnp.h"
#include "server/clients.h"
#include "server/tables.h"

namespace coppice::server {
namespace {

// Records named in one line; a transaction may have a hundred thousand.
constexpr unsigned kNamedMax = 5;

std::string time_text(std::int64_t time_us) {
  const std::time_t seconds = time_us / 1'000'000;
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// "takeOver", as audit.capnp calls it.
std::string kind_text(audit::Entry::Kind kind) {
  const auto number = static_cast<std::uint16_t>(kind);
  for (const auto enumerant : capnp::Schema::from<audit::Entry::Kind>().getEnumerants()) {
    if (enumerant.getOrdinal() == number) return enumerant.getProto().getName().cStr();
  }
  return "kind " + std::to_string(number);
}

// Without line ends, which would make two entries of one.
std::string on_one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

class AuditLog {
 public:
  AuditLog(store::Database& database, const Tables& tables)
      : tables_(tables),
        txn_(database.read()),
        catalogue_(database.catalogue()),
        clients_(txn_, tables) {}

  Result<AnyKey> parse(const std::string& record) const { return catalogue_->parse(record); }

  // The last ones, oldest first.
  std::deque<std::string> lines(const std::optional<AnyKey>& record,
                                std::uint64_t count_max) const {
    std::deque<std::string> lines;
    store::Cursor cursor(txn_, tables_.audit);
    for (bool more = cursor.last(); more && lines.size() < count_max; more = cursor.previous()) {
      const auto entry = capnp::readMessageUnchecked<audit::Entry>(
          reinterpret_cast<const capnp::word*>(cursor.value().data()));
      if (record && !is_about(entry, *record)) continue;
      lines.push_front(line(cursor.key_number(), entry));
    }
    return lines;
  }

 private:
  static AnyKey key_of(audit::Item::Reader item) {
    return {TreeId{item.getTree()}, KeyWord(item.getKey())};
  }

  // An entry of creates names no records; a record's header says who made it, and when.
  static bool is_about(audit::Entry::Reader entry, AnyKey record) {
    for (const auto item : entry.getItems()) {
      if (key_of(item).record() == record.record()) return true;
    }
    return false;
  }

  std::string line(std::uint64_t number, audit::Entry::Reader entry) const {
    std::string text = std::to_string(number) + "  " + time_text(entry.getTime()) + "  " +
                       kind_text(entry.getKind());
    const Holder who = clients_.person(ClientNumber{entry.getClient()});
    if (entry.getClient() != 0) text += "  " + who.user + " on " + who.device;
    const auto items = entry.getItems();
    for (unsigned i = 0; i < std::min(items.size(), kNamedMax); ++i)
      text += (i == 0 ? "  " : ", ") + catalogue_->format(key_of(items[i]));
    if (items.size() > kNamedMax)
      text += " and " + std::to_string(items.size() - kNamedMax) + " more";
    const std::string why = entry.getText();
    if (!why.empty()) text += ": " + on_one_line(why);
    return text;
  }

  const Tables& tables_;
  const store::ReadTxn txn_;
  const std::shared_ptr<const Catalogue> catalogue_;
  const Clients clients_;
};

}  // namespace

int print_audit(const std::filesystem::path& data, const std::string& record,
                std::uint64_t count_max) {
  store::Environment::Options options;
  options.access = store::Environment::Access::read_only;
  store::Database database(data, store::Role::authority, options);
  const Tables tables(database);
  const AuditLog log(database, tables);
  std::optional<AnyKey> about;
  if (!record.empty()) {
    const auto key = log.parse(record);
    if (!key) {
      std::fprintf(stderr, "coppice-server: %s\n", key.error().message.c_str());
      return 1;
    }
    about = *key;
  }
  for (const std::string& line : log.lines(about, count_max)) std::printf("%s\n", line.c_str());
  return 0;
}

}  // namespace coppice::server
