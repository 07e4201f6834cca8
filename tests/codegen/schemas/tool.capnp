@0xce2f6a08b1d47395;
# Names as they come: a nested tree, one that is called otherwise in C++, a namespace of two parts.

using Coppice = import "/coppice/tree.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("acme::workshop");

struct Drawer {
  # Where tools lie. No tree itself.

  label @0 :Text;

  struct Tool @0x9b0d7c51e2f8a463 $Coppice.tree(name = "tools", commentOnCheckIn = true) {
    # A tool.
    #
    # Its comment ends in a backslash: \

    name @0 :Text;
    lentTo @1 :Coppice.Ref(Person);
    kind @2 :Kind;
    previous @3 :Box(Person);
  }
}

struct Person @0xe87a1b5c3d902f64 $Coppice.tree(name = "people-1", versioned = true) $Cxx.name("Human") {
  name @0 :Text;
}

enum Kind {
  hand @0;
  power @1;
}

struct Box(T) {
  count @0 :UInt8;
  content @1 :List(Kind);
}
