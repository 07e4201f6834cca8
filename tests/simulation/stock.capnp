@0xd1f04a86c3e7529b;
# What the simulation's machines keep: as the shop of other tests, with declared indexes of every kind.

using Coppice = import "/coppice/tree.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("stock");

struct Company @0xe3b85c9d17f2460a $Coppice.tree(name = "companies") {
  name @0 :Text $Coppice.search;
  # The trail.
  city @1 :Text;
}

struct Part @0xa94d2e70b1c8f653 $Coppice.tree(
    name = "parts", versioned = true, supersededState = 200,
    states = [
      (number = 0, name = "draft"),
      (number = 10, name = "in-review"),
      (number = 100, name = "released", released = true),
      (number = 200, name = "superseded", released = true),
      (number = 300, name = "blocked", released = true)],
    steps = [
      (from = "draft", to = "in-review"),
      (from = "in-review", to = "draft"),
      (from = "draft", to = "released", right = release),
      (from = "released", to = "superseded", right = release),
      (from = "released", to = "blocked", comment = true),
      (from = "blocked", to = "released")]) {
  number @0 :Text $Coppice.index;
  # The trail. Often longer than what an index keeps of a text.
  price @1 :Int64 $Coppice.index;
  serial @2 :UInt32 $Coppice.unique;
  # Drawn from so few that machines meet in them.
  maker @3 :Coppice.Ref(Company);
  thumbnail @4 :Data;
  child @5 :Coppice.Ref(Part);
  # Floats, until a release pins it.
}

struct Movement @0xc62f8b05e97d314a $Coppice.tree(name = "movements") {
  delta @0 :Int32;
  note @1 :Text $Coppice.index;
  # The trail.
}
