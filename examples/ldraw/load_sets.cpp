#include "examples/ldraw/library.h"
#include "examples/ldraw/table_folder.h"

namespace ldraw {
namespace {

class SetTables {
 public:
  SetTables(TableFolder& tables, const Indexes& parts, Library& library)
      : tables_(tables), parts_(parts), library_(library) {}

  void load() {
    tables_.read("models",
                 {"model_id", "file", "description", "author", "org_line", "theme", "licence"},
                 [&](Row& row) { take_set(row); });
    tables_.read("submodels", {"submodel_id", "model_id", "name", "description", "author"},
                 [&](Row& row) { take_submodel(row); });
    tables_.read("model_placements",
                 {"submodel_id", "step", "seq", "kind", "child_id", "colour", "x", "y", "z", "a",
                  "b", "c", "d", "e", "f", "g", "h", "i"},
                 [&](Row& row) { take_placement(row); });
  }

 private:
  void take_set(Row& row) {
    const auto id = row.number(0);
    if (sets_.contains(id)) row.refuse("this model_id was there before");
    if (row.broken()) return;
    sets_.emplace(id, library_.sets.size());
    LibrarySet set;
    set.file = row.text(1);
    set.title = row.text(2);
    set.author = row.text(3);
    set.origin = row.text(4);
    set.theme = row.text(5);
    set.licence = row.text(6);
    library_.sets.push_back(std::move(set));
  }

  void take_submodel(Row& row) {
    const auto id = row.number(0);
    const auto set = index_of(row, 1, sets_, "model");
    if (submodels_.contains(id)) row.refuse("this submodel_id was there before");
    if (row.broken()) return;
    const auto index = static_cast<SubmodelIndex>(library_.submodels.size());
    submodels_.emplace(id, index);
    library_.submodels.push_back(
        {std::string(row.text(2)), std::string(row.text(3)), std::string(row.text(4))});
    library_.sets[set].submodels.push_back(index);
  }

  void take_placement(Row& row) {
    using Kind = LibrarySetPlacement::Kind;
    LibrarySetPlacement placement;
    placement.parent = index_of(row, 0, submodels_, "submodel");
    placement.step = row.number(1);
    placement.line = row.number(2);
    if (row.text(3) == "part") {
      placement.child = index_of(row, 4, parts_, "part");
    } else if (row.text(3) == "submodel") {
      placement.kind = Kind::submodel;
      placement.child = index_of(row, 4, submodels_, "submodel");
    } else {
      row.refuse(in_quotes(row.text(3)) + " is neither 'part' nor 'submodel'");
    }
    placement.colour = row.colour(5);
    placement.transform = transform_of(row, 6);
    if (!row.broken()) library_.set_placements.push_back(placement);
  }

  TableFolder& tables_;
  const Indexes& parts_;
  Library& library_;
  Indexes sets_;
  Indexes submodels_;
};

}  // namespace

void load_sets(TableFolder& tables, const Indexes& parts, Library& library) {
  SetTables(tables, parts, library).load();
}

}  // namespace ldraw
