@0x9c5b6ce1c2d9f1a7;

using Coppice = import "/coppice/tree.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("shop");

struct Company @0xb7f0c3d2a94e5816 $Coppice.tree(name = "companies") {
  name @0 :Text $Coppice.unique;
  country @1 :Text $Coppice.index;
}

struct Part @0xa1d8f4be53c70962 $Coppice.tree(name = "parts", versioned = true) {
  number @0 :Text $Coppice.unique;
  title @1 :Text $Coppice.search;
  price @2 :Int64 $Coppice.index;
  maker @3 :Coppice.Ref(Company) $Coppice.index;
  keywords @4 :List(Text);
}
