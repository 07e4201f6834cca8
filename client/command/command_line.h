#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/command/borrowing_verbs.h"
#include "client/command/place.h"
#include "coppice/query.h"

namespace coppice::command {

struct StatusVerb {
  Form form = Form::people;
};

struct LsVerb {
  enum class Revisions { newest, all };

  std::string tree;         // empty: the trees themselves
  std::uint64_t limit = 0;  // lines; 0: all
  std::string from;         // a key to start at, with or without its tree; empty: the first
  Revisions revisions = Revisions::newest;
  Form form = Form::people;
};

struct GetVerb {
  std::vector<std::string> keys;
  Form form = Form::people;
};

struct WatchVerb {
  std::string tree;    // empty: all
  std::string server;  // empty: the one the replica knows
  Form form = Form::people;
};

struct ImportVerb {
  enum class OnError {
    stop,  // one broken record, and nothing is imported
    skip,  // broken records are named and left out
  };
  enum class Run { real, dry };

  std::string tree;
  std::string file;    // "-": standard input
  std::string server;  // empty: off line, with the ids the replica has
  OnError on_error = OnError::stop;
  Run run = Run::real;
  std::uint64_t batch_records = 1000;  // a transaction has so many
  std::chrono::seconds patience{10};   // without a connection, before it is given up
};

struct SyncVerb {
  std::string server;       // empty: the one the replica knows
  std::string application;  // empty: the replica's own
  enum class Fetch { news, everything };
  Fetch fetch = Fetch::news;
  std::chrono::seconds patience{10};
};

// Whether a schema file fits the trees there are.
struct SchemaCheckVerb {
  std::string file;
  std::string against;               // a folder or another schema file
  std::vector<std::string> imports;  // folders for absolute imports
};

struct SchemaShowVerb {
  std::string tree;
  std::optional<std::uint32_t> version;  // nothing: the newest
};

struct SchemaHistoryVerb {
  std::string tree;
};

struct CheckVerb {
  std::string against;  // the server to compare with; empty: none
  std::chrono::seconds patience{10};
  Form form = Form::people;
};

struct StatsVerb {
  Form form = Form::people;
};

struct QueryVerb {
  enum class Answer { records, count, explanation };
  std::string tree;
  std::string text;   // schema/query_text.h; empty: every record
  std::string order;  // a field; empty: as the text says
  Direction direction = Direction::ascending;
  std::optional<std::size_t> limit;  // nothing: as the text says
  std::optional<Revisions> revisions;
  Answer answer = Answer::records;
  Form form = Form::people;
};

struct CompactVerb {
  Form form = Form::people;
};

using Verb =
    std::variant<StatusVerb, LsVerb, GetVerb, WatchVerb, ImportVerb, SyncVerb, SchemaCheckVerb,
                 SchemaShowVerb, SchemaHistoryVerb, CheckVerb, StatsVerb, CompactVerb, BorrowVerb,
                 PrepareVerb, ReturnVerb, HeldVerb, EditVerb, CheckInVerb, ReleaseVerb, ReviseVerb,
                 StateVerb, DrawerVerb, HistoryVerb, ExplainVerb, QueryVerb, BreakVerb,
                 TakeOverVerb, HandOverVerb, NudgeVerb, ShelfVerb, RevokeVerb>;

struct CommandLine {
  Place place;
  Verb verb;
};

// An exit code of a command line that is already dealt with: help was printed, or what is wrong
// with it.
struct Exit {
  int code = 0;
};

inline constexpr int kExitFailed = 1;
// Wrong usage, as opposed to something that did not work.
inline constexpr int kExitUsage = 2;
// `schema check` alone: 0 to 2 are its verdicts.
inline constexpr int kExitNotChecked = 3;

std::variant<CommandLine, Exit> parse_command_line(int argc, const char* const* argv);

}  // namespace coppice::command
