#include "server/rights.h"

#include <array>

namespace coppice::server {
namespace {

constexpr std::array<const char*, kRightCount> kNames = {
    "read", "append", "edit", "release", "set_state", "break_overdue", "break", "admin"};

}  // namespace

const char* to_string(Right right) { return kNames[static_cast<std::size_t>(right)]; }

std::optional<Right> parse_right(std::string_view text) {
  for (std::uint8_t i = 0; i < kRightCount; ++i) {
    if (text == kNames[i]) return static_cast<Right>(i);
  }
  return std::nullopt;
}

std::string to_string(Rights rights) {
  std::string text;
  for (std::uint8_t i = 0; i < kRightCount; ++i) {
    if (!rights.has(static_cast<Right>(i))) continue;
    if (!text.empty()) text += ", ";
    text += kNames[i];
  }
  return text;
}

Right right_for(protocol::Action::Kind kind) {
  switch (kind) {
    case protocol::Action::Kind::CREATE:
      return Right::append;
    case protocol::Action::Kind::RELEASE:
      return Right::release;
    case protocol::Action::Kind::SET_STATE:
      return Right::set_state;
    case protocol::Action::Kind::CHECK_IN:
    case protocol::Action::Kind::NEXT_REVISION:
    case protocol::Action::Kind::REMOVE:
      break;
  }
  return Right::edit;
}

const std::vector<Role>& default_roles() {
  static const Rights releasing = {Right::read, Right::append, Right::edit, Right::release,
                                   Right::set_state};
  static const std::vector<Role> roles = {
      {"admin", Rights::all()},
      {"engineer",
       {Right::read, Right::append, Right::edit, Right::set_state, Right::break_overdue}},
      {"machine", {Right::read, Right::append}},
      {"quality", releasing},
      {"releaser", releasing},
      {"viewer", {Right::read}},
  };
  return roles;
}

}  // namespace coppice::server
