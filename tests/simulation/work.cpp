#include "tests/simulation/work.h"

namespace coppice::simulation {
namespace {

void add(std::string& text, const char* member, const std::string& value) {
  text += text.empty() ? "{." : ", .";
  text += member;
  text += " = " + value;
}

void add(std::string& text, const char* member, const Names& names) {
  if (!names.empty()) add(text, member, to_cpp(names));
}

}  // namespace

std::string to_cpp(const Names& names) {
  std::string text;
  for (const Name& name : names) text += (text.empty() ? "" : ", ") + to_string(name);
  return "{" + text + "}";
}

std::string to_cpp(const Work& work) {
  std::string text;
  add(text, "create", work.create);
  add(text, "edit", work.edit);
  add(text, "check_in", work.check_in);
  add(text, "hand_in", work.hand_in);
  add(text, "next_revision", work.next_revision);
  add(text, "release", work.release);
  add(text, "remove", work.remove);
  add(text, "set_state", work.set_state);
  if (work.state != 0) add(text, "state", std::to_string(work.state));
  if (work.step != 0) add(text, "step", std::to_string(work.step));
  if (work.borrowing == Borrowing::kept) add(text, "borrowing", "Borrowing::kept");
  if (work.padding_bytes != 0) add(text, "padding_bytes", std::to_string(work.padding_bytes));
  if (work.serial != 0) add(text, "serial", std::to_string(work.serial));
  return text.empty() ? "{}" : text + "}";
}

}  // namespace coppice::simulation
