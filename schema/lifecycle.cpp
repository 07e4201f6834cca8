#include "schema/lifecycle.h"

#include <algorithm>
#include <charconv>

namespace coppice {
namespace {

Error unusable(const std::string& why) { return error(Errc::incompatible_schema, why); }

std::string quoted(const std::string& name) { return "'" + name + "'"; }

bool is_state_name(std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && name[0] >= 'a' && name[0] <= 'z' &&
         std::ranges::all_of(name, allowed);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return text;
}

Error no_transition(std::string text) { return error(Errc::no_transition, std::move(text)); }

}  // namespace

Result<Lifecycle> Lifecycle::compile(protocol::TreeSchema::Reader schema) {
  Lifecycle lifecycle;
  if (auto taken = lifecycle.take_states(schema); !taken) return taken.error();
  if (auto checked = lifecycle.check_states(schema); !checked) return checked.error();
  if (auto taken = lifecycle.take_steps(schema); !taken) return taken.error();
  return lifecycle;
}

Result<void> Lifecycle::take_states(protocol::TreeSchema::Reader schema) {
  for (const auto declared : schema.getStates()) {
    State state{declared.getNumber(), declared.getName(), declared.getDoc(), declared.getReleased(),
                declared.getObsolete()};
    if (!is_state_name(state.name)) {
      return unusable(quoted(state.name) + " is no name for a lifecycle state: use lower case " +
                      "letters, digits, '_' and '-', a letter first, at most 64 of them.");
    }
    if (find(state.name))
      return unusable("Lifecycle state " + quoted(state.name) + " comes twice.");
    if (const State* other = find(state.number)) {
      return unusable("Lifecycle states " + quoted(other->name) + " and " + quoted(state.name) +
                      " have one number, " + std::to_string(state.number) + ".");
    }
    if (state.released && !schema.getVersioned()) {
      return unusable("Lifecycle state " + quoted(state.name) +
                      " is of released revisions, and the tree is not versioned.");
    }
    states_.push_back(std::move(state));
  }
  return {};
}

Result<void> Lifecycle::check_states(protocol::TreeSchema::Reader schema) const {
  if (!declared()) return {};
  const auto wants = [&](std::uint16_t number, bool released, const char* what) -> Result<void> {
    const State* state = find(number);
    if (state && state->released == released) return {};
    const std::string about = std::string("Number ") + std::to_string(number) + ", " + what;
    if (!state) return unusable(about + ", is none of the lifecycle states that are declared.");
    return unusable(about + ", is lifecycle state " + quoted(state->name) + ", which is " +
                    (released ? "not `released`." : "`released`."));
  };
  if (auto fine = wants(0, false, "in which every revision begins"); !fine) return fine;
  if (!schema.getVersioned()) return {};
  if (auto fine = wants(schema.getReleasedState(), true, "the tree's releasedState"); !fine)
    return fine;
  if (schema.getSupersededState() == 0) return {};
  return wants(schema.getSupersededState(), true, "the tree's supersededState");
}

Result<void> Lifecycle::take_steps(protocol::TreeSchema::Reader schema) {
  for (const auto declared : schema.getSteps()) {
    const std::string from = declared.getFrom(), to = declared.getTo();
    const std::string what = "The lifecycle step from " + quoted(from) + " to " + quoted(to);
    const State* first = find(std::string_view(from));
    const State* second = find(std::string_view(to));
    if (!first || !second) {
      return unusable(what + " names a state that is not declared: " + quoted(first ? to : from) +
                      ".");
    }
    if (first == second) return unusable(what + " leads nowhere.");
    if (first->released && !second->released) {
      return unusable(what + " would make a draft of what was released.");
    }
    if (has_step(first->number, second->number)) return unusable(what + " comes twice.");
    if (static_cast<std::uint16_t>(declared.getRight()) >
        static_cast<std::uint16_t>(schema::StepRight::ADMIN)) {
      return unusable(what + " asks for a right that this version does not know.");
    }
    steps_.push_back({first->number, second->number, declared.getRight(), declared.getComment()});
  }
  return {};
}

const Lifecycle::State* Lifecycle::find(std::uint16_t number) const {
  const auto found = std::ranges::find(states_, number, &State::number);
  return found == states_.end() ? nullptr : &*found;
}

const Lifecycle::State* Lifecycle::find(std::string_view name) const {
  const auto found = std::ranges::find(states_, name, &State::name);
  return found == states_.end() ? nullptr : &*found;
}

std::string Lifecycle::name(std::uint16_t number) const {
  const State* state = find(number);
  return state ? state->name : std::to_string(number);
}

Result<std::uint16_t> Lifecycle::parse(std::string_view text) const {
  if (const State* state = find(text)) return state->number;
  std::uint16_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return number;
  std::vector<std::string> names;
  for (const State& state : states_) names.push_back(quoted(state.name));
  return error(Errc::bad_request,
               quoted(std::string(text)) + " is no lifecycle state. Say " +
                   (names.empty() ? "a number: the tree declares no names" : joined(names)) + ".");
}

bool Lifecycle::has_step(std::uint16_t from, std::uint16_t to) const {
  return std::ranges::any_of(steps_,
                             [&](const Step& step) { return step.from == from && step.to == to; });
}

bool Lifecycle::is_obsolete(std::uint16_t number) const {
  const State* state = find(number);
  return state && state->obsolete;
}

Result<Lifecycle::Step> Lifecycle::step(std::uint16_t from, std::uint16_t to, Mover mover) const {
  if (!declared()) return Step{.from = from, .to = to};
  const auto found = std::ranges::find_if(
      steps_, [&](const Step& step) { return step.from == from && step.to == to; });
  const State* target = find(to);
  const bool to_released = mover != Mover::set_state_of_draft;
  if (found == steps_.end() || target->released != to_released) return no_step(from, to, mover);
  return *found;
}

Result<void> Lifecycle::overriding(std::uint16_t to, Mover mover) const {
  if (!declared()) return {};
  const State* target = find(to);
  if (!target) {
    return no_transition("has no lifecycle state " + std::to_string(to) +
                         ": the tree's schema does not declare it");
  }
  if (target->released == (mover != Mover::set_state_of_draft)) return {};
  return no_transition(
      "cannot be in state " + quoted(target->name) +
      (target->released ? " before it is released: release it" : ", for it is released"));
}

Error Lifecycle::no_step(std::uint16_t from, std::uint16_t to, Mover mover) const {
  const State* target = find(to);
  if (target && target->released && mover == Mover::set_state_of_draft && has_step(from, to)) {
    return no_transition("gets to state " + quoted(target->name) + " only by a release");
  }
  const std::string verb = mover == Mover::release ? "be released from state " : "go from state ";
  return no_transition("may not " + verb + quoted(name(from)) + " to " + quoted(name(to)) + ": " +
                       next_of(from, mover));
}

std::string Lifecycle::next_of(std::uint16_t from, Mover mover) const {
  std::vector<std::string> by_state, by_release;
  for (const Step& step : steps_) {
    if (step.from != from) continue;
    const bool released = find(step.to)->released && mover != Mover::set_state_of_released;
    (released ? by_release : by_state).push_back(quoted(name(step.to)));
  }
  std::string text = by_state.empty() ? "" : "it may go to " + joined(by_state);
  if (!by_release.empty())
    text += (text.empty() ? "it may be released to " : ", or be released to ") + joined(by_release);
  return text.empty() ? "no step leads on from there" : text;
}

std::vector<std::string> lifecycle_objections(const Lifecycle& was, const Lifecycle& is) {
  std::vector<std::string> objections;
  if (!was.declared()) return objections;
  if (!is.declared()) return {"its lifecycle states were taken away"};
  for (const Lifecycle::State& state : was.states()) {
    const Lifecycle::State* same = is.find(state.number);
    const Lifecycle::State* namesake = is.find(std::string_view(state.name));
    const std::string what = "lifecycle state " + quoted(state.name);
    if (!same) {
      objections.push_back(what + " was taken away");
    } else if (same->released != state.released) {
      objections.push_back(
          what + (same->released ? " became one of released revisions" : " became one of drafts"));
    } else if (namesake && namesake != same) {
      objections.push_back(what + " got another number");
    }
  }
  return objections;
}

}  // namespace coppice
