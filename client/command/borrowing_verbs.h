#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "client/command/place.h"

// What the command line says of borrowing, check in and release.
namespace coppice::command {

// For verbs that change something: where to, and how long to try.
struct Line {
  std::string server;  // empty: the one the replica knows
  std::chrono::seconds patience{10};
};

struct BorrowVerb {
  enum class IfHeld { fail, wait_in_line };

  std::vector<std::string> keys;
  std::string query;             // "parts where price < 3": what it finds is borrowed too
  bool with_references = false;  // and what all these refer to
  std::string reason;
  IfHeld if_held = IfHeld::fail;
  Line line;
};

struct PrepareVerb {
  std::vector<std::string> keys;
  bool with_references = false;
  std::vector<std::string> ids;  // "parts=500"
  std::string reason;
  Line line;
};

struct ReturnVerb {
  enum class Edits { keep, discard };

  std::vector<std::string> keys;
  Edits edits = Edits::keep;  // keep: refuses where there are any
  Line line;
};

struct HeldVerb {
  enum class Whose { ours, all };

  Whose whose = Whose::ours;
  Form form = Form::people;
};

struct BreakVerb {
  std::vector<std::string> keys;
  std::string reason;
  Line line;
};

struct TakeOverVerb {
  std::vector<std::string> keys;
  std::string reason;
  Line line;
};

struct HandOverVerb {
  enum class Action { offer, list, accept, decline };

  Action action = Action::offer;
  std::vector<std::string> keys;
  std::string user;  // offer; empty: takes it back
  std::string reason;
  Line line;
};

struct NudgeVerb {
  std::vector<std::string> keys;
  std::string text;
  Line line;
};

struct ShelfVerb {
  std::vector<std::string> keys;
  Line line;
};

struct RevokeVerb {
  std::string user;          // empty: the device is meant
  std::uint32_t device = 0;  // as `held --all --json` numbers it
  std::string reason;
  Line line;
};

struct EditVerb {
  std::string key;
  std::string file = "-";  // a JSON object; "-": standard input
};

struct CheckInVerb {
  enum class Afterwards { returned, kept };

  std::vector<std::string> keys;
  std::string comment;
  Afterwards borrow = Afterwards::returned;
  Line line;
};

struct ReleaseVerb {
  std::vector<std::string> keys;
  std::string comment;
  std::string state;  // a name or a number; empty: the tree's own
  Line line;
};

struct ReviseVerb {
  std::vector<std::string> keys;
  Line line;
};

struct StateVerb {
  std::string key;
  std::string from;  // names or numbers
  std::string to;
  std::string comment;
  bool overriding = false;  // a step that is not declared
  Line line;
};

struct DrawerVerb {
  enum class Action { list, show, retry, discard };

  Action action = Action::list;
  std::uint64_t number = 0;
  Form form = Form::people;
  Line line;  // of retry
};

struct HistoryVerb {
  std::string key;
  Form form = Form::people;
};

struct ExplainVerb {
  std::string key;
  Form form = Form::people;
};

}  // namespace coppice::command
