#include "schema/schema_text.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "coppice/tree.capnp.h"
#include "schema/body_types.h"
#include "schema/schema_names.h"

namespace coppice {
namespace {

using SourceInfo = capnp::schema::Node::SourceInfo;
using Annotations = capnp::List<capnp::schema::Annotation>::Reader;

// Prints one tree. Each declaration once, in the order in which fields lead to them.
class Printer {
 public:
  explicit Printer(const TreeInfo& tree) : tree_(tree) {
    for (auto info : tree.schema().getSourceInfo()) comments_.emplace(info.getId(), info);
    for (auto node : tree.schema().getNodes()) names_.emplace(node.getId(), declared_name(node));
  }

  std::string run() {
    queue(tree_.dynamic());
    while (!pending_.empty()) {
      const capnp::Schema next = pending_.front();
      pending_.pop_front();
      if (!text_.empty()) text_ += '\n';
      if (next.getProto().isEnum()) {
        print_enum(next.asEnum());
      } else {
        print_struct(next.asStruct());
      }
    }
    return std::move(text_);
  }

 private:
  void queue(capnp::Schema schema) {
    const std::uint64_t id = schema.getProto().getId();
    if (id != capnp::typeId<schema::Ref<>>() && queued_.insert(id).second) {
      pending_.push_back(schema);
    }
  }

  void line(int depth, const std::string& text) {
    text_ += std::string(static_cast<std::size_t>(2 * depth), ' ') + text + '\n';
  }

  void comment(int depth, const std::string& text) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      line(depth, "# " + text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  std::string comment_of(std::uint64_t id) const {
    const auto found = comments_.find(id);
    return found == comments_.end() ? std::string() : found->second.getDocComment().cStr();
  }

  // Members are in the order of the node's own list.
  std::string comment_of(std::uint64_t id, unsigned member) const {
    const auto found = comments_.find(id);
    if (found == comments_.end() || member >= found->second.getMembers().size()) return {};
    return found->second.getMembers()[member].getDocComment().cStr();
  }

  std::string annotations(Annotations uses) const {
    std::string text;
    for (auto use : uses) {
      const auto name = names_.find(use.getId());
      if (name == names_.end()) continue;
      text += " $" + name->second;
      if (use.getId() == kTreeAnnotation) {
        text += "(name = \"" + tree_.name() + "\"" +
                (tree_.versioned() ? ", versioned = true" : "") + ")";
      } else if (!use.getValue().isVoid()) {
        text += "(" + value_text(use.getValue()) + ")";
      }
    }
    return text;
  }

  void print_struct(capnp::StructSchema schema) {
    const auto node = schema.getProto();
    line(0, "struct " + declared_name(node) + annotations(node.getAnnotations()) + " {");
    comment(1, comment_of(node.getId()));
    print_fields(schema, 1);
    line(0, "}");
  }

  void print_fields(capnp::StructSchema schema, int depth) {
    std::vector<capnp::StructSchema::Field> fields;
    for (auto field : schema.getFields()) fields.push_back(field);
    std::sort(fields.begin(), fields.end(), [](auto a, auto b) {
      return a.getProto().getCodeOrder() < b.getProto().getCodeOrder();
    });
    for (auto field : fields) print_field(schema, field, depth);
  }

  void print_field(capnp::StructSchema schema, capnp::StructSchema::Field field, int depth) {
    const auto proto = field.getProto();
    const bool in_union = proto.getDiscriminantValue() != capnp::schema::Field::NO_DISCRIMINANT;
    const std::string start = std::string(in_union ? "| " : "") + proto.getName().cStr();
    const std::string notes = annotations(proto.getAnnotations());
    if (proto.isGroup()) {
      line(depth, start + " :group" + notes + " {");
      print_fields(field.getType().asStruct(), depth + 1);
      line(depth, "}");
    } else {
      const auto inner = element_of_lists(field.getType());
      if (inner.isStruct()) queue(inner.asStruct());
      if (inner.isEnum()) queue(inner.asEnum());
      line(depth, start + " " + describe(field) + default_of(proto.getSlot()) + notes + ";");
    }
    comment(depth, comment_of(schema.getProto().getId(), field.getIndex()));
  }

  static std::string default_of(capnp::schema::Field::Slot::Reader slot) {
    if (!slot.getHadExplicitDefault()) return {};
    return " = " + value_text(slot.getDefaultValue());
  }

  void print_enum(capnp::EnumSchema schema) {
    const auto node = schema.getProto();
    line(0, "enum " + declared_name(node) + annotations(node.getAnnotations()) + " {");
    comment(1, comment_of(node.getId()));
    for (auto enumerant : schema.getEnumerants()) {
      line(1, std::string(enumerant.getProto().getName().cStr()) + " @" +
                  std::to_string(enumerant.getIndex()) +
                  annotations(enumerant.getProto().getAnnotations()) + ";");
      comment(1, comment_of(node.getId(), enumerant.getIndex()));
    }
    line(0, "}");
  }

  const TreeInfo& tree_;
  std::map<std::uint64_t, SourceInfo::Reader> comments_;
  std::map<std::uint64_t, std::string> names_;
  std::set<std::uint64_t> queued_;
  std::deque<capnp::Schema> pending_;
  std::string text_;
};

}  // namespace

std::string schema_text(const TreeInfo& tree) { return Printer(tree).run(); }

}  // namespace coppice
