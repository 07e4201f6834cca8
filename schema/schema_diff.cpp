#include "schema/schema_diff.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "coppice/tree.capnp.h"
#include "schema/body_types.h"
#include "schema/schema_names.h"

namespace coppice {
namespace {

using Field = capnp::StructSchema::Field;
using Struct = capnp::StructSchema;

constexpr const char* kKeepAndAdd =
    "Keep it as it was and add a new one beside it, or write a migration";
constexpr const char* kNumbersAreStored =
    "Give it its number back: records are stored by numbers, and names are free";

// The field of a struct with this number (`@3`). Groups have none.
std::optional<Field> find_number(Struct in, unsigned number) {
  for (auto field : in.getFields()) {
    if (!field.getProto().isGroup() && field_number(field) == number) return field;
  }
  return std::nullopt;
}

std::optional<Field> find_name(Struct in, const std::string& name) {
  for (auto field : in.getFields()) {
    if (name == field.getProto().getName().cStr()) return field;
  }
  return std::nullopt;
}

std::optional<Field> find_group(Struct in, std::uint64_t id) {
  for (auto field : in.getFields()) {
    if (field.getProto().isGroup() && field.getProto().getGroup().getTypeId() == id) return field;
  }
  return std::nullopt;
}

bool is_ref(capnp::Type type) {
  return type.isStruct() && type.asStruct().getProto().getId() == capnp::typeId<schema::Ref<>>();
}

std::uint64_t target_of(capnp::Type ref) {
  auto arguments = ref.asStruct().getBrandArgumentsAtScope(capnp::typeId<schema::Ref<>>());
  if (arguments.size() != 1 || !arguments[0].isStruct()) return 0;
  return arguments[0].asStruct().getProto().getId();
}

// Whether a value of one type is read as the other. What two structs or enums of one id hold is
// compared by itself, and an element of a list that became a struct is left to SchemaLoader.
enum class Elements { of_list, no };
bool same_type(capnp::Type was, capnp::Type is, Elements elements = Elements::no) {
  if (was.isList() && is.isList()) {
    return same_type(was.asList().getElementType(), is.asList().getElementType(),
                     Elements::of_list);
  }
  if (was.which() != is.which()) {
    return elements == Elements::of_list && (was.isStruct() || is.isStruct());
  }
  if (was.isEnum()) return was.asEnum().getProto().getId() == is.asEnum().getProto().getId();
  if (!was.isStruct()) return true;
  if (is_ref(was) && is_ref(is)) return target_of(was) == target_of(is);
  return was.asStruct().getProto().getId() == is.asStruct().getProto().getId();
}

bool is_pointer(capnp::schema::Value::Reader value) {
  switch (value.which()) {
    case capnp::schema::Value::TEXT:
    case capnp::schema::Value::DATA:
    case capnp::schema::Value::LIST:
    case capnp::schema::Value::STRUCT:
    case capnp::schema::Value::INTERFACE:
    case capnp::schema::Value::ANY_POINTER:
      return true;
    default:
      return false;
  }
}

bool same_value(capnp::schema::Value::Reader was, capnp::schema::Value::Reader is) {
  return canonical_words(was) == canonical_words(is);
}

// The discriminant of a field in a union. One that is in none may become the first of one.
unsigned discriminant(Field field) {
  auto value = field.getProto().getDiscriminantValue();
  return value == capnp::schema::Field::NO_DISCRIMINANT ? 0 : value;
}

// One comparison, which walks from the tree's struct to all that its bodies hold.
class Comparison {
 public:
  Comparison(const TreeInfo& was, const TreeInfo& is) : was_(was), is_(is) {}

  std::vector<SchemaDifference> run() {
    compare_options();
    compare_later(was_.dynamic(), is_.dynamic(), "");
    while (!pending_.empty()) {
      auto next = std::move(pending_.front());
      pending_.pop_front();
      compare_structs(next.was, next.is, next.path);
    }
    judge_removed();
    return std::move(differences_);
  }

 private:
  struct Pair {
    Struct was;
    Struct is;
    std::string path;
  };

  void add(std::string path, std::string was, std::string is, Verdict verdict, std::string what,
           std::string advice = {}) {
    differences_.push_back({std::move(path), std::move(was), std::move(is), verdict,
                            std::move(what), std::move(advice)});
  }

  // -------- the tree itself

  void compare_options() {
    if (was_.name() != is_.name()) {
      add("", was_.name(), is_.name(), Verdict::compatible, "the tree was renamed");
    }
    if (was_.versioned() != is_.versioned()) {
      add("", was_.versioned() ? "versioned" : "not versioned",
          is_.versioned() ? "versioned" : "not versioned", Verdict::impossible,
          "a tree cannot change whether it is versioned",
          "Keep it as it was, or make a new tree: a struct with another id");
    }
    compare_option("releasedState", was_.released_state(), is_.released_state());
    compare_option("supersededState", was_.superseded_state(), is_.superseded_state());
    compare_option("commentOnCheckIn", was_.comment_on_check_in(), is_.comment_on_check_in());
    compare_option("children", static_cast<unsigned>(was_.children()),
                   static_cast<unsigned>(is_.children()));
    compare_option("obsolete", static_cast<unsigned>(was_.schema().getObsolete()),
                   static_cast<unsigned>(is_.schema().getObsolete()));
    compare_option("minimumWriter", was_.minimum_writer(), is_.minimum_writer());
    compare_lifecycles();
  }

  void compare_lifecycles() {
    const auto objections = lifecycle_objections(was_.lifecycle(), is_.lifecycle());
    for (const std::string& objection : objections) {
      add("", "", "", Verdict::impossible, objection,
          "Keep it, with its number: revisions may be in it for ever. Take the steps that lead to "
          "it away instead");
    }
    if (objections.empty() && was_.lifecycle() != is_.lifecycle())
      add("", "", "", Verdict::compatible, "its lifecycle was changed");
  }

  void compare_option(const char* name, unsigned was, unsigned is) {
    if (was == is) return;
    add("", std::string(name) + " = " + std::to_string(was),
        std::string(name) + " = " + std::to_string(is), Verdict::compatible,
        "an option was changed");
  }

  // -------- structs

  void compare_later(Struct was, Struct is, const std::string& path) {
    if (seen_.insert({was.hashCode(), is.hashCode()}).second) {
      pending_.push_back({was, is, path});
    }
  }

  void compare_structs(Struct was, Struct is, const std::string& path) {
    compare_annotations(path, was.getProto().getAnnotations(), is.getProto().getAnnotations());
    for (auto field : was.getFields()) {
      const std::string at = join(path, field.getProto().getName());
      if (field.getProto().isGroup()) {
        compare_group(field, is, at);
      } else {
        compare_numbered(was, field, is, at);
      }
    }
    for (auto field : is.getFields()) {
      if (!is_matched(was, field)) {
        add(join(path, field.getProto().getName()), "", describe(field), Verdict::compatible,
            "it is new");
        adds_ = true;
      }
    }
  }

  // Whether a field of the new struct stands for one of the old.
  static bool is_matched(Struct was, Field field) {
    const std::string name = field.getProto().getName();
    if (field.getProto().isGroup()) {
      return find_group(was, field.getProto().getGroup().getTypeId()) || find_name(was, name);
    }
    return find_number(was, field_number(field)) || find_name(was, name);
  }

  void compare_group(Field field, Struct is, const std::string& path) {
    auto now = find_group(is, field.getProto().getGroup().getTypeId());
    if (!now) now = find_name(is, field.getProto().getName());
    if (!now) return removed(path, describe(field), Trailing::no);
    if (!now->getProto().isGroup()) return retyped(path, field, *now);
    compare_names(path, field, *now);
    compare_annotations(path, field.getProto().getAnnotations(), now->getProto().getAnnotations());
    compare_unions(path, field, *now);
    compare_later(field.getType().asStruct(), now->getType().asStruct(), path);
  }

  void compare_numbered(Struct was, Field field, Struct is, const std::string& path) {
    const std::string name = field.getProto().getName();
    const auto same_number = find_number(is, field_number(field));
    const auto same_name = find_name(is, name);
    const bool moved = same_name && !same_name->getProto().isGroup() &&
                       field_number(*same_name) != field_number(field);
    if (moved) {
      return add(path, describe(field), describe(*same_name), Verdict::needs_migration,
                 "its number was changed", kNumbersAreStored);
    }
    if (!same_number) {
      if (same_name) return retyped(path, field, *same_name);
      return removed(path, describe(field), is_trailing(field, is) ? Trailing::yes : Trailing::no);
    }
    // A field of that name was there already, under another number.
    if (same_number->getProto().getName() != name.c_str() &&
        find_name(was, same_number->getProto().getName())) {
      return removed(path, describe(field), Trailing::no);
    }
    compare_fields(field, *same_number, path);
  }

  static bool is_trailing(Field field, Struct is) {
    for (auto other : is.getFields()) {
      if (!other.getProto().isGroup() && field_number(other) > field_number(field)) return false;
    }
    return true;
  }

  void compare_fields(Field was, Field is, const std::string& path) {
    compare_names(path, was, is);
    compare_annotations(path, was.getProto().getAnnotations(), is.getProto().getAnnotations());
    compare_unions(path, was, is);
    if (!same_type(was.getType(), is.getType())) return retyped(path, was, is);
    compare_defaults(path, was.getProto().getSlot(), is.getProto().getSlot());
    const auto inner_was = element_of_lists(was.getType());
    const auto inner_is = element_of_lists(is.getType());
    if (inner_was.isEnum()) compare_enums(inner_was.asEnum(), inner_is.asEnum(), path);
    if (inner_was.isStruct() && inner_is.isStruct()) {
      compare_later(inner_was.asStruct(), inner_is.asStruct(), path);
    } else if (inner_is.isStruct()) {
      adds_ = true;
      add(path, type_name(was.getType()), type_name(is.getType()), Verdict::compatible,
          "its elements became structs");
    }
  }

  void compare_names(const std::string& path, Field was, Field is) {
    const std::string before = was.getProto().getName();
    const std::string after = is.getProto().getName();
    if (before != after) add(path, before, after, Verdict::compatible, "it was renamed");
  }

  void compare_unions(const std::string& path, Field was, Field is) {
    if (discriminant(was) == discriminant(is)) return;
    add(path, "member " + std::to_string(discriminant(was)) + " of its union",
        "member " + std::to_string(discriminant(is)), Verdict::needs_migration,
        "its place in the union was changed", kKeepAndAdd);
  }

  void compare_defaults(const std::string& path, capnp::schema::Field::Slot::Reader was,
                        capnp::schema::Field::Slot::Reader is) {
    if (same_value(was.getDefaultValue(), is.getDefaultValue())) return;
    const bool harmless = is_pointer(was.getDefaultValue());
    add(path, value_text(was.getDefaultValue()), value_text(is.getDefaultValue()),
        harmless ? Verdict::compatible : Verdict::needs_migration, "its default was changed",
        harmless ? ""
                 : "Numbers are stored as their difference from the default. Keep the old one "
                   "and add a new field beside it, or write a migration");
  }

  void retyped(const std::string& path, Field was, Field is) {
    const bool target = !was.getProto().isGroup() && !is.getProto().isGroup() &&
                        is_ref(element_of_lists(was.getType())) &&
                        is_ref(element_of_lists(is.getType()));
    add(path, describe(was), describe(is), Verdict::needs_migration,
        target ? "it refers to another tree" : "its type was changed", kKeepAndAdd);
  }

  // -------- enums

  void compare_enums(capnp::EnumSchema was, capnp::EnumSchema is, const std::string& path) {
    if (!seen_.insert({was.hashCode(), is.hashCode()}).second) return;
    auto before = was.getEnumerants();
    auto after = is.getEnumerants();
    for (unsigned i = 0; i < std::max(before.size(), after.size()); ++i) {
      if (i >= before.size()) {
        const std::string name = after[i].getProto().getName();
        if (position(before, name)) continue;
        add(join(path, name), "", number(i), Verdict::compatible, "it is new");
        adds_ = true;
        continue;
      }
      const std::string name = before[i].getProto().getName();
      const auto now = position(after, name);
      if (now == i) {
        compare_annotations(join(path, name), before[i].getProto().getAnnotations(),
                            after[i].getProto().getAnnotations());
      } else if (now) {
        add(join(path, name), number(i), number(*now), Verdict::needs_migration,
            "its number was changed", kNumbersAreStored);
      } else if (i >= after.size()) {
        removed(join(path, name), number(i), Trailing::yes);
      } else if (position(before, after[i].getProto().getName())) {
        removed(join(path, name), number(i), Trailing::no);
      } else {
        add(join(path, name), name, after[i].getProto().getName().cStr(), Verdict::compatible,
            "it was renamed");
      }
    }
  }

  static std::optional<unsigned> position(capnp::EnumSchema::EnumerantList in,
                                          const std::string& name) {
    for (unsigned i = 0; i < in.size(); ++i) {
      if (name == in[i].getProto().getName().cStr()) return i;
    }
    return std::nullopt;
  }

  static std::string number(unsigned index) { return "@" + std::to_string(index); }

  // -------- what is gone

  enum class Trailing { yes, no };

  void removed(const std::string& path, std::string was, Trailing trailing) {
    add(path, std::move(was), "", Verdict::needs_migration, "it was removed",
        "Put it back, under a name like obsolete, if nobody is to use it; or write a migration");
    if (trailing == Trailing::yes) trailing_.push_back(differences_.size() - 1);
  }

  // What was last may be missing: then the schema is an older one, and what it does not know stays.
  void judge_removed() {
    if (adds_) return;
    const bool only_these = std::all_of(differences_.begin(), differences_.end(), [&](auto& one) {
      const auto index = static_cast<std::size_t>(&one - differences_.data());
      return one.verdict == Verdict::compatible ||
             std::find(trailing_.begin(), trailing_.end(), index) != trailing_.end();
    });
    if (!only_these) return;
    for (std::size_t index : trailing_) {
      differences_[index].verdict = Verdict::compatible;
      differences_[index].what = "it is missing, as in an older schema; records keep it";
      differences_[index].advice.clear();
    }
  }

  // -------- annotations

  using Annotations = capnp::List<capnp::schema::Annotation>::Reader;

  static std::map<std::uint64_t, std::string> texts(Annotations annotations) {
    std::map<std::uint64_t, std::string> texts;
    for (auto one : annotations) texts[one.getId()] = value_text(one.getValue());
    return texts;
  }

  void compare_annotations(const std::string& path, Annotations was, Annotations is) {
    const auto before = texts(was);
    const auto after = texts(is);
    std::set<std::uint64_t> ids;
    for (const auto& [id, text] : before) ids.insert(id);
    for (const auto& [id, text] : after) ids.insert(id);
    // What $Coppice.tree says is compared as options.
    ids.erase(kTreeAnnotation);
    for (std::uint64_t id : ids) {
      const auto old = before.find(id);
      const auto now = after.find(id);
      const bool same = old != before.end() && now != after.end() && old->second == now->second;
      if (same) continue;
      add(path, old == before.end() ? "" : old->second, now == after.end() ? "" : now->second,
          Verdict::compatible, "its annotation $" + annotation_name(id) + " was changed");
    }
  }

  std::string annotation_name(std::uint64_t id) const {
    for (const TreeInfo* tree : {&is_, &was_}) {
      for (auto node : tree->schema().getNodes()) {
        if (node.getId() == id) return declared_name(node);
      }
    }
    return "unknown";
  }

  static std::string join(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  const TreeInfo& was_;
  const TreeInfo& is_;
  std::vector<SchemaDifference> differences_;
  // Pairs that were compared, or will be: structs contain themselves.
  std::set<std::pair<std::size_t, std::size_t>> seen_;
  std::deque<Pair> pending_;
  // The new schema has something that the old one lacks.
  bool adds_ = false;
  // Differences that are nothing but the lack of a last field or enumerant.
  std::vector<std::size_t> trailing_;
};

}  // namespace

std::string SchemaDifference::sentence() const {
  std::string text = path.empty() ? what : path + ": " + what;
  if (!was.empty() && !is.empty()) text += ", from " + was + " to " + is;
  if (was.empty() != is.empty()) text += " (" + was + is + ")";
  text += ".";
  if (!advice.empty()) text += " " + advice + ".";
  return text;
}

std::vector<SchemaDifference> schema_diff(const TreeInfo& was, const TreeInfo& is) {
  return Comparison(was, is).run();
}

Verdict worst(const std::vector<SchemaDifference>& differences) {
  Verdict verdict = Verdict::compatible;
  for (const SchemaDifference& one : differences) verdict = std::max(verdict, one.verdict);
  return verdict;
}

}  // namespace coppice
