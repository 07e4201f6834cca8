#include "examples/ldraw/part_body.h"

namespace ldraw {
namespace {

void fill_bom(Part::Builder body, const std::vector<LibraryBomLine>& bom, const PartKeys& keys) {
  auto lines = body.initBom(static_cast<unsigned>(bom.size()));
  for (unsigned i = 0; i < lines.size(); ++i) {
    coppice::refer(lines[i].initPart(), keys[bom[i].part].floating());
    lines[i].setColour(bom[i].colour);
    lines[i].setQuantity(bom[i].quantity);
  }
}

void fill_keywords(Part::Builder body, const std::vector<std::string>& keywords) {
  auto texts = body.initKeywords(static_cast<unsigned>(keywords.size()));
  for (unsigned i = 0; i < texts.size(); ++i) texts.set(i, as_text(keywords[i]));
}

}  // namespace

void fill_part(Part::Builder body, const Library& library, RevisionIndex index,
               const PartKeys& keys) {
  const LibraryPart& part = library.parts[index.part];
  body.setNumber(as_text(part.name));
  if (part.revisions.empty()) return;

  const LibraryRevision& revision = part.revisions[index.revision];
  body.setTitle(as_text(revision.title));
  body.setAuthor(as_text(revision.author));
  body.setLicence(as_text(revision.licence));
  body.setCategory(as_text(revision.category));
  body.setOrigin(as_text(revision.origin));
  body.setSha1(as_text(revision.sha1));
  body.setGeometryLines(revision.geometry_lines);
  const auto moved_to = revision.moved_to ? keys[*revision.moved_to].floating() : PartKey();
  coppice::refer(body.initMovedTo(), moved_to);
  fill_keywords(body, revision.keywords);
  fill_bom(body, revision.bom, keys);
}

void fill_transform(Transform::Builder body, const LibraryTransform& t) {
  body.setX(t[0]);
  body.setY(t[1]);
  body.setZ(t[2]);
  body.setA(t[3]);
  body.setB(t[4]);
  body.setC(t[5]);
  body.setD(t[6]);
  body.setE(t[7]);
  body.setF(t[8]);
  body.setG(t[9]);
  body.setH(t[10]);
  body.setI(t[11]);
}

}  // namespace ldraw
