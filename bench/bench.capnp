@0x80fe770129fc0852;

using Coppice = import "/coppice/tree.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("coppice::bench");

struct Item @0xb58f7b0f59522449 $Coppice.tree(name = "items") {
  # What all benchmarks store: a body of 200 bytes, 264 with its header.

  price @0 :Int64;
  weight @1 :Float64;
  supplier @2 :UInt64;
  amount @3 :UInt32;
  place @4 :UInt32;
  countedUs @5 :Int64;
  serial @6 :UInt64;
  # Never 0, so that the last word of the data section is always stored.

  number @7 :Text;
  note @8 :Text;
}

struct IndexedItem @0xd40f1c26b98aa7e5 $Coppice.tree(name = "indexed-items") {
  # An item with three indexes.

  price @0 :Int64 $Coppice.index;
  weight @1 :Float64;
  supplier @2 :UInt64 $Coppice.index;
  amount @3 :UInt32;
  place @4 :UInt32;
  countedUs @5 :Int64;
  serial @6 :UInt64;
  number @7 :Text $Coppice.unique;
  note @8 :Text;
}

struct TitledItem @0xe1b3907d5c62f84a $Coppice.tree(name = "titled-items") {
  # What is searched.

  title @0 :Text $Coppice.search;
}
