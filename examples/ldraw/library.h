#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "examples/ldraw/tsv.h"

namespace ldraw {

// Places in the vectors of a Library.
using PartIndex = std::uint32_t;
using SubmodelIndex = std::uint32_t;

struct LibraryBomLine {
  PartIndex part = 0;
  std::uint32_t colour = 0;
  std::uint32_t quantity = 0;
};

// What one release of the library said about a part.
struct LibraryRevision {
  std::uint32_t release = 0;  // its place in Library::releases
  std::string sha1;
  std::string origin;
  std::string author;
  std::string licence;
  std::string category;
  std::string title;
  std::uint32_t geometry_lines = 0;
  std::optional<PartIndex> moved_to;
  std::vector<std::string> keywords;
  std::vector<LibraryBomLine> bom;
};

struct LibraryPart {
  std::string name;
  // The first is revision 1 in Coppice. None: other files refer to the part, but it was never
  // published.
  std::vector<LibraryRevision> revisions;
};

// A revision by its place: Library::parts[part].revisions[revision].
struct RevisionIndex {
  PartIndex part = 0;
  std::uint32_t revision = 0;
};

struct LibraryRelease {
  std::string name;  // "2008-01"
  std::vector<RevisionIndex> revisions;
};

// x y z and the matrix a to i.
using LibraryTransform = std::array<float, 12>;

// A part placed in the first revision of another.
struct LibraryPlacement {
  PartIndex parent = 0;
  PartIndex part = 0;
  std::uint32_t line = 0;
  std::uint32_t colour = 0;
  LibraryTransform transform{};
};

struct LibraryChange {
  PartIndex part = 0;
  std::uint32_t date = 0;  // 20040311; 0: not known
  std::string user;
  std::string text;
};

struct LibrarySet {
  std::string file;
  std::string title;
  std::string author;
  std::string origin;
  std::string theme;
  std::string licence;
  std::vector<SubmodelIndex> submodels;  // the first is the set itself
};

struct LibrarySubmodel {
  std::string name;
  std::string description;
  std::string author;
};

struct LibrarySetPlacement {
  enum class Kind { part, submodel };
  SubmodelIndex parent = 0;
  std::uint32_t step = 0;
  std::uint32_t line = 0;
  Kind kind = Kind::part;
  std::uint32_t child = 0;  // a PartIndex or a SubmodelIndex
  std::uint32_t colour = 0;
  LibraryTransform transform{};
};

// The tables of a folder, checked and joined: every index in it is good.
struct Library {
  std::vector<LibraryPart> parts;
  std::vector<LibraryRelease> releases;
  std::vector<LibraryPlacement> placements;
  std::uint64_t later_placements = 0;  // those of later revisions, which are only counted
  std::vector<LibraryChange> history;
  std::vector<LibrarySet> sets;
  std::vector<LibrarySubmodel> submodels;
  std::vector<LibrarySetPlacement> set_placements;
};

struct LoadedLibrary {
  Library library;
  // Lines that are not in it, in the order they were read. A line that is missing can make later
  // ones bad, which name it.
  std::vector<BadLine> bad_lines;
};

// Reads parts, revisions, bom, placements, history, keywords, releases, models, submodels and
// model_placements, each as NAME.tsv.zst or NAME.tsv. Throws FileError.
LoadedLibrary load_library(const std::filesystem::path& folder);

// The parts in an order in which each comes after all that its first revision refers to, so that it
// can be created with good references. Throws FileError if there is none, as a part would contain
// itself.
std::vector<PartIndex> creation_order(const Library& library);

// The part with the most different parents over all revisions. REQUIRES: there is a part.
PartIndex most_used_part(const Library& library);

}  // namespace ldraw
