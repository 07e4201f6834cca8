#pragma once

#include <cstdint>
#include <string>

#include "client/command/json.h"
#include "coppice/snapshot.h"

namespace coppice {
class TreeInfo;
}

// How records look to people and to scripts, the same in every verb.
namespace coppice::command {

// "2024-05-01T12:34:56Z"; "not known" for 0.
std::string format_time(std::int64_t time_us);

// "draft", "released", "live" (a record of a tree without revisions), "removed"; with the lifecycle
// state number if that says more.
std::string lifecycle(const TreeInfo& tree, const RecordHeader& header);

// Without control characters, which could play tricks on a terminal, and cut where it is long.
std::string on_one_line(std::string text);

// "Ann, bench 3, since 2024-05-01T12:34:56Z: wrong tolerance".
std::string describe(const Holder& holder);
// "Ann on bench 3".
std::string who(const Holder& holder);
JsonObject to_json(const Holder& holder);

// The first text of a body that is not empty, on one line and shortened; to tell records apart in a
// list.
std::string first_text(const TreeInfo& tree, const RecordView& record);

// Header facts of a record, without its body.
JsonObject header_to_json(const Snapshot& snapshot, const TreeInfo& tree, const AnyRecord& record);

// A record in a list: on one line, or as a JSON object.
std::string line_in_list(const Snapshot& snapshot, const TreeInfo& tree, const AnyRecord& record);
std::string json_in_list(const Snapshot& snapshot, const TreeInfo& tree, const AnyRecord& record);

}  // namespace coppice::command
