@0xc3b2a9dd1544a47e;
# The LDraw parts library as a parts catalogue with bills of materials: parts are published in revisions, are made of other
# parts, and are used in sets.

using Coppice = import "/coppice/tree.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ldraw");

struct Part @0xb0fd2d83291df08e $Coppice.label("Part")
    $Coppice.tree(
      name = "parts", versioned = true, releasedState = 100, supersededState = 200, children = floating,
      states = [
        (number = 0, name = "draft"),
        (number = 100, name = "released", released = true),
        (number = 200, name = "newer-revision", doc = "There is a newer revision.", released = true),
        (number = 300, name = "superseded", doc = "By the part it moved to.", released = true)],
      steps = [
        (from = "draft", to = "released", right = release),
        (from = "released", to = "superseded", right = release),
        (from = "released", to = "newer-revision", right = release),
        (from = "superseded", to = "newer-revision", right = release)]) {
  # A file of the library. Each release of the library that touched it made a revision.
  # What a part is made of floats, in released revisions too: the library has always used the newest child.

  number @0 :Text $Coppice.label("Number");
  # How other files refer to it, in lower case: "4-4edge.dat".

  title @1 :Text $Coppice.label("Title");

  author @2 :Text $Coppice.label("Author");

  licence @3 :Text $Coppice.label("Licence");

  category @4 :Text $Coppice.label("Category");

  origin @5 :Text $Coppice.label("Origin");
  # What kind of file it is and when it became official: "Primitive UPDATE 2004-01".

  sha1 @6 :Text $Coppice.label("SHA-1 of the file");

  geometryLines @7 :UInt32 $Coppice.label("Drawing lines") $Coppice.unit("lines");
  # Lines that draw something themselves, beside those that place another part.

  movedTo @8 :Coppice.Ref(Part) $Coppice.label("Superseded by");
  # Floats.

  keywords @9 :List(Text) $Coppice.label("Keywords");

  bom @10 :List(BomLine) $Coppice.label("Bill of materials");
  # What it is made of. Empty for a part that is only drawn.
}

struct BomLine {
  # "So many of this part in this colour."

  part @0 :Coppice.Ref(Part) $Coppice.label("Part");
  # Floats: the library has always used the newest child.

  colour @1 :UInt32 $Coppice.label("Colour");
  # LDraw's colour number. 16: the colour of whatever it is part of; from 0x2000000: 0x2RRGGBB.

  quantity @2 :UInt32 $Coppice.label("Quantity") $Coppice.unit("pieces");
}

struct Transform {
  # Where something sits inside its parent: u' = a*u + b*v + c*w + x, and so on.

  x @0 :Float32 $Coppice.unit("LDU");
  y @1 :Float32 $Coppice.unit("LDU");
  z @2 :Float32 $Coppice.unit("LDU");
  # One LDraw unit is 0.4 mm.
  a @3 :Float32;
  b @4 :Float32;
  c @5 :Float32;
  d @6 :Float32;
  e @7 :Float32;
  f @8 :Float32;
  g @9 :Float32;
  h @10 :Float32;
  i @11 :Float32;
}

struct Placement @0xd96477448cafd0f4 $Coppice.tree(name = "placements") $Coppice.label("Placement") {
  # One part placed in one revision of another: what a bill of materials counts.

  parent @0 :Coppice.Ref(Part) $Coppice.label("Placed in");
  # Fixed: this revision.

  part @1 :Coppice.Ref(Part) $Coppice.label("Part");
  # Floats.

  line @2 :UInt32 $Coppice.label("Line");
  # 1, 2, 3 ... inside the parent.

  colour @3 :UInt32 $Coppice.label("Colour");
  # As in BomLine.

  transform @4 :Transform $Coppice.label("Position");
}

struct HistoryEntry @0xa5675107897ff210 $Coppice.tree(name = "history") $Coppice.label("Change") {
  # What an author wrote down about a change of a part.

  part @0 :Coppice.Ref(Part) $Coppice.label("Part");

  date @1 :UInt32 $Coppice.label("Date");
  # 20040311 is 11 March 2004. 0: not known.

  user @2 :Text $Coppice.label("User");

  text @3 :Text $Coppice.label("What was changed");
}

struct Set @0xf56ca2119bb7c0b5 $Coppice.tree(name = "sets") $Coppice.label("Set") {
  # An official set: a model built of submodels.

  file @0 :Text $Coppice.label("File");
  title @1 :Text $Coppice.label("Title");
  author @2 :Text $Coppice.label("Author");
  origin @3 :Text $Coppice.label("Origin");
  theme @4 :Text $Coppice.label("Theme");
  licence @5 :Text $Coppice.label("Licence");

  submodels @6 :List(Coppice.Ref(Submodel)) $Coppice.label("Submodels");
  # The first is the set itself; it places the others, which may place each other.
}

struct Submodel @0xcd34dfbda011c890 $Coppice.tree(name = "submodels") $Coppice.label("Submodel") {
  # An assembly inside a set. Its contents are the SetPlacements that name it.

  name @0 :Text $Coppice.label("Name");
  description @1 :Text $Coppice.label("Description");
  author @2 :Text $Coppice.label("Author");
}

struct SetPlacement @0xd485046d2f880f77 $Coppice.tree(name = "set-placements") $Coppice.label("Placement in a set") {
  # One part or one submodel, put into a submodel in one step of the building instructions.

  submodel @0 :Coppice.Ref(Submodel) $Coppice.label("Placed in");

  step @1 :UInt32 $Coppice.label("Building step");
  line @2 :UInt32 $Coppice.label("Line");
  # Both 1, 2, 3 ... inside the submodel.

  colour @3 :UInt32 $Coppice.label("Colour");
  # As in BomLine.

  transform @4 :Transform $Coppice.label("Position");

  child :union {
    part @5 :Coppice.Ref(Part) $Coppice.label("Part");
    # Floats.
    submodel @6 :Coppice.Ref(Submodel) $Coppice.label("Submodel");
  }
}
