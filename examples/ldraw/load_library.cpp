#include "examples/ldraw/library.h"
#include "examples/ldraw/table_folder.h"

namespace ldraw {
namespace {

// Reads the tables of parts in the order in which they refer to each other.
class PartTables {
 public:
  PartTables(TableFolder& tables, Library& library) : tables_(tables), library_(library) {}

  void load() {
    load_releases();
    load_parts();
    load_revisions();
    load_bom();
    load_keywords();
    load_placements();
    load_history();
  }

  const Indexes& part_indexes() const { return parts_; }

 private:
  void load_releases() {
    tables_.read("releases", {"release_no", "release"}, [&](Row& row) {
      const auto number = row.number(0);
      if (releases_.contains(number)) row.refuse("this release_no was there before");
      if (row.broken()) return;
      releases_.emplace(number, library_.releases.size());
      library_.releases.push_back({std::string(row.text(1)), {}});
    });
  }

  void load_parts() {
    tables_.read("parts", {"part_id", "name"}, [&](Row& row) {
      const auto id = row.number(0);
      if (parts_.contains(id)) row.refuse("this part_id was there before");
      if (row.text(1).empty()) row.refuse("the part has no name");
      if (row.broken()) return;
      parts_.emplace(id, library_.parts.size());
      library_.parts.push_back({std::string(row.text(1)), {}});
    });
  }

  void load_revisions() {
    tables_.read("revisions",
                 {"part_id", "revision", "release_no", "blob_sha1", "org_line", "author", "licence",
                  "category", "description", "n_geometry_lines", "moved_to_part_id"},
                 [&](Row& row) { take_revision(row); });
  }

  void take_revision(Row& row) {
    const PartIndex part = index_of(row, 0, parts_, "part");
    const auto number = row.number(1);
    LibraryRevision revision;
    revision.release = index_of(row, 2, releases_, "release");
    revision.sha1 = row.text(3);
    revision.origin = row.text(4);
    revision.author = row.text(5);
    revision.licence = row.text(6);
    revision.category = row.text(7);
    revision.title = row.text(8);
    revision.geometry_lines = row.number(9);
    if (row.optional_number(10)) revision.moved_to = index_of(row, 10, parts_, "part");
    if (row.broken()) return;

    auto& revisions = library_.parts[part].revisions;
    if (number != revisions.size()) {
      return row.refuse("this is revision " + std::to_string(number) + ", but the next one is " +
                        std::to_string(revisions.size()));
    }
    if (!revisions.empty() && revisions.back().release >= revision.release) {
      return row.refuse("the revision before it is not from an earlier release");
    }
    library_.releases[revision.release].revisions.push_back({part, number});
    revisions.push_back(std::move(revision));
  }

  // The revision that two columns name; null after a refusal.
  LibraryRevision* revision_of(Row& row, std::size_t part_column, std::size_t revision_column) {
    const PartIndex part = index_of(row, part_column, parts_, "part");
    const auto number = row.number(revision_column);
    if (row.broken()) return nullptr;
    auto& revisions = library_.parts[part].revisions;
    if (number < revisions.size()) return &revisions[number];
    row.refuse("part " + std::string(row.text(part_column)) + " has no revision " +
               std::to_string(number));
    return nullptr;
  }

  void load_bom() {
    tables_.read(
        "bom", {"parent_id", "parent_revision", "child_id", "colour", "quantity"}, [&](Row& row) {
          auto* parent = revision_of(row, 0, 1);
          const LibraryBomLine line{index_of(row, 2, parts_, "part"), row.colour(3), row.number(4)};
          if (!row.broken() && line.quantity == 0) row.refuse("the quantity is 0");
          if (!row.broken()) parent->bom.push_back(line);
        });
  }

  void load_keywords() {
    tables_.read("keywords", {"part_id", "revision", "keyword"}, [&](Row& row) {
      auto* revision = revision_of(row, 0, 1);
      if (!row.broken()) revision->keywords.emplace_back(row.text(2));
    });
  }

  void load_placements() {
    tables_.read("placements",
                 {"parent_id", "parent_revision", "child_id", "seq", "colour", "x", "y", "z", "a",
                  "b", "c", "d", "e", "f", "g", "h", "i"},
                 [&](Row& row) {
                   revision_of(row, 0, 1);
                   const LibraryPlacement placement{index_of(row, 0, parts_, "part"),
                                                    index_of(row, 2, parts_, "part"), row.number(3),
                                                    row.colour(4), transform_of(row, 5)};
                   if (row.broken()) return;
                   if (row.number(1) == 0) {
                     library_.placements.push_back(placement);
                   } else {
                     ++library_.later_placements;
                   }
                 });
  }

  void load_history() {
    tables_.read("history", {"part_id", "date", "user", "text"}, [&](Row& row) {
      LibraryChange change{index_of(row, 0, parts_, "part"), date_of(row, 1),
                           std::string(row.text(2)), std::string(row.text(3))};
      if (!row.broken()) library_.history.push_back(std::move(change));
    });
  }

  // "2004-03-11" to 20040311; an empty cell is a date that nobody wrote down.
  static std::uint32_t date_of(Row& row, std::size_t column) {
    const std::string_view text = row.text(column);
    if (text.empty()) return 0;
    std::uint32_t date = 0;
    bool good = text.size() == 10;
    for (std::size_t i = 0; good && i < text.size(); ++i) {
      const bool is_dash = i == 4 || i == 7;
      good = is_dash ? text[i] == '-' : text[i] >= '0' && text[i] <= '9';
      if (!is_dash) date = date * 10 + static_cast<std::uint32_t>(text[i] - '0');
    }
    if (!good) row.refuse(in_quotes(text) + " is no date like 2004-03-11");
    return date;
  }

  TableFolder& tables_;
  Library& library_;
  Indexes releases_;
  Indexes parts_;
};

}  // namespace

std::uint32_t index_of(Row& row, std::size_t column, const Indexes& indexes, const char* kind) {
  const auto id = row.number(column);
  if (row.broken()) return 0;
  const auto found = indexes.find(id);
  if (found != indexes.end()) return found->second;
  row.refuse("there is no " + std::string(kind) + " " + std::to_string(id));
  return 0;
}

LibraryTransform transform_of(Row& row, std::size_t first_column) {
  LibraryTransform transform{};
  for (std::size_t i = 0; i < transform.size(); ++i) transform[i] = row.real(first_column + i);
  return transform;
}

LoadedLibrary load_library(const std::filesystem::path& folder) {
  LoadedLibrary loaded;
  TableFolder tables(folder);
  PartTables parts(tables, loaded.library);
  parts.load();
  load_sets(tables, parts.part_indexes(), loaded.library);
  loaded.bad_lines = tables.take_bad_lines();
  return loaded;
}

}  // namespace ldraw
