@0x88588c87f69a457b;
# A depot whose articles have an index of each kind, on a field of each kind that can have one.

using Coppice = import "/coppice/tree.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("depot");

struct Firm @0xdc2db86286c1749a $Coppice.tree(name = "firms") {
  name @0 :Text $Coppice.unique;
  parent @1 :Coppice.Ref(Firm);
}

struct Article @0xd0830cd318d085e0 $Coppice.tree(name = "articles", versioned = true) {
  number @0 :Text $Coppice.unique;
  title @1 :Text $Coppice.search $Coppice.index;
  maker @2 :Coppice.Ref(Firm) $Coppice.index;
  price @3 :Int64 $Coppice.index;
  weight @4 :Float32 $Coppice.index;
  kind @5 :Kind $Coppice.index;
  obsolete @6 :Bool $Coppice.index;
  keywords @7 :List(Text) $Coppice.index $Coppice.search;
  levels @8 :List(Int16) $Coppice.index;
  barcode @9 :Data $Coppice.unique;
  lines @10 :List(Line);

  size :group {
    length @11 :UInt32 = 10 $Coppice.index;
  }

  union {
    nowhere @12 :Void;
    address @13 :Text $Coppice.index;
    place @14 :Place;
  }

  serial @15 :UInt32 = 7 $Coppice.unique;
  switches @16 :List(Bool) $Coppice.index;
  precise @17 :Float64 $Coppice.index;
  makers @18 :List(Coppice.Ref(Firm));
  note @19 :Text;
}

struct Line {
  # One line of what an article is made of, and what may stand in for it.

  article @0 :Coppice.Ref(Article) $Coppice.index;
  count @1 :UInt32 = 1;
  instead @2 :List(Line);
}

struct Place {
  shelf @0 :UInt16 $Coppice.index;
}

enum Kind {
  bought @0;
  made @1;
  found @2;
}
