@0xa3c1f7d2604be985;
# The shop that tests play in: companies make parts, parts are made of parts, and parts move in and out of the store room.
# It has one field of each kind that Cap'n Proto knows and a body may hold.

using Coppice = import "/coppice/tree.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("shop");

struct Company @0xf1460dbe5a92c387 $Coppice.tree(name = "companies") {
  # Who makes or sells parts. Not versioned: it has one revision, which lives on.

  name @0 :Text;
  city @1 :Text;
}

struct Part @0xd8a9c06b31f45e72 $Coppice.tree(name = "parts", versioned = true, supersededState = 200) {
  # Something that is made or bought, after its drawing.

  number @0 :Text $Coppice.label("Part number");
  # What is printed on the drawing.

  title @1 :Text;

  maker @2 :Coppice.Ref(Company);

  price @3 :Int64 $Coppice.unit("cent");

  bom @4 :List(BomLine);
  # What it is made of. Empty for a part that is bought.

  unit @5 :Unit = piece;

  size :group {
    # Zero: not known.
    length @6 :UInt32 $Coppice.unit("mm");
    width @7 :UInt32 $Coppice.unit("mm");
    height @8 :UInt32 $Coppice.unit("mm");
  }

  source :union {
    # Where it comes from. The members share one pointer.
    unknown @9 :Void;
    bought @10 :Text;
    # The supplier's order number.
    made @11 :Process;
    drawings @12 :List(Text);
    # Made elsewhere, after these drawings.
  }

  keywords @13 :List(Text);

  replacements @14 :List(Coppice.Ref(Part));

  thumbnail @15 :Data;

  priceTable @16 :List(List(Int32));
  # For each quantity break: quantity, price in cent.

  measured @17 :List(Float64);

  inspected @18 :List(Bool);

  weight @19 :Float32 $Coppice.unit("kg");

  obsolete @20 :Bool;
}

struct BomLine {
  # One line of a bill of materials.

  part @0 :Coppice.Ref(Part);
  count @1 :UInt32 = 1;
  position @2 :Text;
  # "R1, R2, R7"
  alternatives @3 :List(BomLine);
}

struct Process {
  # How a part is made.

  machine @0 :Text;
  minutes @1 :UInt16;
  union {
    manual @2 :Void;
    program @3 :Data;
    # For the machine.
    instructions @4 :List(Step);
  }

  struct Step {
    text @0 :Text;
    tool @1 :Text;
  }
}

enum Unit {
  piece @0;
  metre @1;
  kilogram @2 $Coppice.label("kg");
}

struct Movement @0xb5e7214fd09c8a36 $Coppice.tree(name = "movements") {
  # Parts that went into the store room (delta > 0) or out of it.

  part @0 :Coppice.Ref(Part);
  delta @1 :Int32;
  note @2 :Text;
}
