#include "client/command/describe.h"

#include <capnp/dynamic.h>
#include <capnp/message.h>

#include <ctime>

#include "schema/catalogue.h"

namespace coppice::command {
namespace {

constexpr std::size_t kTextBytesMax = 60;

bool is_text(capnp::StructSchema::Field field) {
  return field.getType().isText() &&
         field.getProto().getDiscriminantValue() == capnp::schema::Field::NO_DISCRIMINANT;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string on_one_line(std::string text) {
  if (text.size() > kTextBytesMax) {
    std::size_t end = kTextBytesMax;
    while (end > 0 && continues_character(text[end])) --end;
    text = text.substr(0, end) + "...";
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

std::string format_time(std::int64_t time_us) {
  if (time_us == 0) return "not known";
  const std::time_t seconds = time_us / 1'000'000;
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string lifecycle(const TreeInfo& tree, const RecordHeader& header) {
  if (header.removed()) return "removed";
  std::string text = !tree.versioned() ? "live" : header.released() ? "released" : "draft";
  const std::uint16_t usual = header.released() ? tree.released_state() : 0;
  const std::string state = tree.lifecycle().name(header.state);
  if (tree.lifecycle().declared() && state != text) return text + ", " + state;
  if (!tree.lifecycle().declared() && header.state != usual) text += " (state " + state + ")";
  return text;
}

std::string describe(const Holder& holder) {
  std::string text = holder.user;
  if (!holder.device.empty()) text += (text.empty() ? "" : ", ") + holder.device;
  if (holder.since_us != 0) text += ", since " + format_time(holder.since_us);
  if (!holder.purpose.empty()) text += ": " + on_one_line(holder.purpose);
  if (holder.expected_return_us != 0)
    text += ", to be back " + format_time(holder.expected_return_us);
  if (holder.overdue_us != 0) text += ", overdue since " + format_time(holder.overdue_us);
  return text;
}

std::string who(const Holder& holder) { return holder.user + " on " + holder.device; }

JsonObject to_json(const Holder& holder) {
  JsonObject json;
  json.text("user", holder.user).text("device", holder.device);
  if (holder.since_us != 0) json.text("since", format_time(holder.since_us));
  if (!holder.purpose.empty()) json.text("purpose", holder.purpose);
  if (holder.expected_return_us != 0) {
    json.text("expectedReturn", format_time(holder.expected_return_us));
  }
  if (holder.client != 0) json.number("deviceNumber", holder.client);
  if (holder.overdue_us != 0) json.text("overdueSince", format_time(holder.overdue_us));
  return json;
}

std::string first_text(const TreeInfo& tree, const RecordView& record) {
  if (record.body().empty()) return {};
  const auto* words = reinterpret_cast<const capnp::word*>(record.body().data());
  const auto body =
      capnp::readMessageUnchecked<capnp::AnyPointer>(words).getAs<capnp::DynamicStruct>(
          tree.dynamic());
  for (const auto field : tree.dynamic().getFields()) {
    if (!is_text(field)) continue;
    const capnp::Text::Reader text = body.get(field).as<capnp::Text>();
    if (text.size() > 0) return on_one_line({text.begin(), text.end()});
  }
  return {};
}

JsonObject header_to_json(const Snapshot& snapshot, const TreeInfo& tree, const AnyRecord& record) {
  const RecordHeader& header = record.header();
  JsonObject json;
  json.text("key", format_key(tree.name(), record.key.word))
      .text("lifecycle", header.released()  ? "released"
                         : tree.versioned() ? "draft"
                                            : "live")
      .number("state", header.state)
      .text("stateName", tree.lifecycle().name(header.state))
      .number("iteration", header.iteration)
      .text("author", snapshot.client_name(header.author));
  // A record that is still ours alone has no place in the authority's order, and no time of its
  // clock.
  const bool local = LocalMark::is_local(header);
  json.truth("local", local);
  if (!local) json.number("sequence", header.sequence);
  if (header.created_us != 0) json.text("created", format_time(header.created_us));
  if (header.changed_us != 0) json.text("changed", format_time(header.changed_us));
  if (const auto holder = snapshot.holder(record.key)) {
    json.raw("holder", to_json(*holder).str());
  }
  return json;
}

namespace {

// A body of an earlier generation is by another schema than the tree's newest.
std::string text_of(const Snapshot& snapshot, const AnyRecord& record) {
  const auto tree =
      snapshot.catalogue().describing(record.key.tree, record.header().schema_version);
  return first_text(*tree, record.view);
}

}  // namespace

std::string line_in_list(const Snapshot& snapshot, const TreeInfo& tree, const AnyRecord& record) {
  std::string line =
      format_key(tree.name(), record.key.word) + "  " + lifecycle(tree, record.header());
  if (LocalMark::is_local(record.header())) line += ", local";
  if (const auto holder = snapshot.holder(record.key)) line += ", borrowed by " + describe(*holder);
  const std::string text = text_of(snapshot, record);
  return text.empty() ? line : line + "  " + text;
}

std::string json_in_list(const Snapshot& snapshot, const TreeInfo& tree, const AnyRecord& record) {
  return header_to_json(snapshot, tree, record).text("text", text_of(snapshot, record)).str();
}

}  // namespace coppice::command
