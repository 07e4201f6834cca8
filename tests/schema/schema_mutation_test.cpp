// A schema that changes step by step, at random, in ways whose verdict is known: every version is
// judged, written by, read by and edited by every other.
#include <map>
#include <optional>
#include <random>

#include "schema/compare_schemas.h"
#include "schema/schema_diff.h"
#include "tests/codegen/compile.h"
#include "tests/schema/bodies.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

constexpr int kSteps = 8;

// A struct as text, field number by field number.
struct FieldText {
  std::string name;
  std::string type;
  std::string annotation = {};
};

struct SchemaModel {
  std::vector<FieldText> part;
  std::vector<FieldText> line;
  std::vector<std::string> units;

  static std::string fields(const std::vector<FieldText>& list) {
    std::string text;
    for (std::size_t number = 0; number < list.size(); ++number) {
      text += "  " + list[number].name + " @" + std::to_string(number) + " :" + list[number].type +
              list[number].annotation + ";\n";
    }
    return text;
  }

  TreeInfoPtr compile() const {
    std::string text = "struct Part @0xd8a9c06b31f45e72 $Coppice.tree(name = \"parts\") {\n" +
                       fields(part) + "}\nstruct Line @0xa1b2c3d4e5f60718 {\n" + fields(line) +
                       "}\nstruct Other @0xb1b2c3d4e5f60718 $Coppice.tree(name = \"others\") {}\n"
                       "enum Unit @0xc1b2c3d4e5f60718 {\n";
    for (std::size_t i = 0; i < units.size(); ++i) {
      text += "  " + units[i] + " @" + std::to_string(i) + ";\n";
    }
    return tree_in(text + "}\n");
  }
};

const SchemaModel kFirst{{{"number", "Text"},
                          {"price", "Int64"},
                          {"lines", "List(Line)"},
                          {"unit", "Unit"},
                          {"maker", "Coppice.Ref(Other)"},
                          {"weight", "Float32"}},
                         {{"note", "Text"}, {"count", "UInt32"}, {"part", "Coppice.Ref(Part)"}},
                         {"piece", "metre"}};

class Mutation {
 public:
  explicit Mutation(std::uint64_t seed) : random_(seed) {}

  // Each returns what was done.
  std::string compatible(SchemaModel& model) {
    auto& fields = pick_struct(model);
    switch (below(4)) {
      case 0:
        fields.push_back({fresh("added"), pick_type()});
        return "add a field";
      case 1:
        fields[below(fields.size())].name = fresh("renamed");
        return "rename a field";
      case 2:
        model.units.push_back(fresh("unit"));
        return "add an enumerant";
      default:
        fields[below(fields.size())].annotation = " $Coppice.label(\"" + fresh("Label ") + "\")";
        return "annotate a field";
    }
  }

  std::string incompatible(SchemaModel& model) {
    auto& fields = pick_struct(model);
    switch (below(4)) {
      case 0: {
        auto& field = fields[below(fields.size())];
        field.type = field.type == "Data" ? "Bool" : "Data";
        return "change a type";
      }
      case 1: {
        const std::size_t first = below(fields.size() - 1);
        std::swap(fields[first], fields[first + 1]);
        return "renumber two fields";
      }
      case 2:
        fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(below(fields.size() - 1)));
        return "remove a field that is not the last";
      default:
        model.part[4].type = "Coppice.Ref(Part)";
        return "refer to another tree";
    }
  }

  std::size_t below(std::size_t count) { return random_() % count; }

 private:
  std::vector<FieldText>& pick_struct(SchemaModel& model) {
    return below(2) == 0 ? model.part : model.line;
  }
  std::string pick_type() {
    static const char* const kTypes[] = {"Text",  "Data",       "Bool",       "UInt16",
                                         "Int64", "List(Line)", "List(Text)", "Unit"};
    return kTypes[below(std::size(kTypes))];
  }
  std::string fresh(const std::string& start) { return start + std::to_string(++made_); }

  std::mt19937_64 random_;
  int made_ = 0;
};

// Sets everything that a schema has to values that depend on `salt`.
void fill(capnp::DynamicStruct::Builder to, unsigned salt, int depth = 0) {
  using Type = capnp::schema::Type;
  for (auto field : to.getSchema().getFields()) {
    ++salt;
    const auto type = field.getType();
    const std::string text = "text " + std::to_string(salt);
    switch (type.which()) {
      case Type::TEXT:
        to.set(field, text.c_str());
        break;
      case Type::DATA:
        to.set(field,
               capnp::Data::Reader(reinterpret_cast<const kj::byte*>(text.data()), text.size()));
        break;
      case Type::BOOL:
        to.set(field, true);
        break;
      case Type::ENUM:
        to.set(field, capnp::DynamicEnum(
                          type.asEnum(),
                          static_cast<std::uint16_t>(salt % type.asEnum().getEnumerants().size())));
        break;
      case Type::STRUCT:
        to.init(field).as<capnp::DynamicStruct>().set("key", salt << 24 | 1);
        break;
      case Type::LIST: {
        if (depth > 1) break;
        auto list = to.init(field, 2).as<capnp::DynamicList>();
        for (unsigned i = 0; i < 2; ++i) {
          if (type.asList().getElementType().isStruct()) {
            fill(list[i].as<capnp::DynamicStruct>(), salt + i, depth + 1);
          } else {
            list.set(i, text.c_str());
          }
        }
        break;
      }
      default:
        to.set(field, salt % 100);
    }
  }
}

const capnp::word* root_of(const Words& body) {
  return reinterpret_cast<const capnp::word*>(body.data());
}

// The body after a program with that version has set its first field, the only one that all have
// for sure.
Words edited_by(const TreeInfo& version, const Words& body, const char* text) {
  capnp::MallocMessageBuilder message;
  message.setRoot(capnp::readMessageUnchecked<capnp::AnyPointer>(root_of(body)));
  auto root = message.getRoot<capnp::DynamicStruct>(version.dynamic());
  root.set(version.dynamic().getFields()[0], text);
  return canonical_words(message.getRoot<capnp::AnyStruct>().asReader());
}

// A program of version `writer` writes, one of version `editor` edits, and all read.
void check_pair(const std::vector<TreeInfoPtr>& versions, std::size_t writer, std::size_t editor) {
  INFO("written by " << writer << ", edited by " << editor);
  const TreeInfo& newest = *versions.back();
  const Words body = body_of(*versions[writer], [&](auto part) { fill(part, 7); });
  const Words edited = edited_by(*versions[editor], body, "edited");
  REQUIRE(accepted(newest, body) == body);
  REQUIRE(accepted(newest, edited) == edited);
  // Whoever edits, nothing but the edit is different.
  CHECK(edited == edited_by(*versions[writer], body, "edited"));
  CHECK(edited_by(newest, edited, "text 8") == body);
  for (const auto& version : versions) {
    CHECK_NOTHROW(read_everything(*version, body));
    CHECK_NOTHROW(read_everything(*version, edited));
  }
}

void run(std::uint64_t seed) {
  INFO("seed " << seed);
  Mutation mutation(seed);
  SchemaModel model = kFirst;
  std::vector<TreeInfoPtr> versions = {model.compile()};
  for (int step = 0; step < kSteps; ++step) {
    SchemaModel changed = model;
    const bool good = mutation.below(3) != 0;
    const std::string what = good ? mutation.compatible(changed) : mutation.incompatible(changed);
    if (what == "refer to another tree" && changed.part[4].type == model.part[4].type) continue;
    INFO("step " << step << ": " << what);
    const auto next = changed.compile();
    const auto differences = schema_diff(*versions.back(), *next);
    for (const auto& one : differences) UNSCOPED_INFO(one.sentence());
    const auto change = compare_schemas(*versions.back(), *next);
    CHECK(change.has_value() == good);
    CHECK((worst(differences) == Verdict::compatible) == good);
    CHECK_FALSE(differences.empty());
    if (!good) continue;
    CHECK(change.value() == SchemaChange::newer);
    model = changed;
    versions.push_back(next);
  }
  for (std::size_t writer = 0; writer < versions.size(); ++writer) {
    for (std::size_t editor = 0; editor < versions.size(); ++editor) {
      check_pair(versions, writer, editor);
    }
  }
}

}  // namespace

TEST_CASE("schemas that change at random are judged right, and all versions work together",
          "[schema]") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) run(seed);
}

}  // namespace coppice::test
