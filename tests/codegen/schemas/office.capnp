@0x9c1f3a7be2d84605;
# A drawing office: revisions with a declared lifecycle, references that a release pins, and a tree that only newer programs
# write to.

using Coppice = import "/coppice/tree.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("office");

struct Drawing @0xe81b64f2a9c3d057 $Coppice.tree(
    name = "drawings", versioned = true, supersededState = 200, obsolete = refuse,
    states = [
      (number = 0, name = "draft"),
      (number = 10, name = "in-review", doc = "Somebody else looks at it."),
      (number = 100, name = "released", released = true),
      (number = 200, name = "superseded", released = true),
      (number = 300, name = "blocked", released = true),
      (number = 400, name = "withdrawn", released = true, obsolete = true)],
    steps = [
      (from = "draft", to = "in-review", right = edit),
      (from = "in-review", to = "draft", right = edit),
      (from = "draft", to = "released", right = release),
      (from = "in-review", to = "released", right = release),
      (from = "in-review", to = "blocked", right = release, comment = true),
      (from = "released", to = "superseded", right = release),
      (from = "released", to = "blocked", right = setState, comment = true),
      (from = "blocked", to = "released", right = setState),
      (from = "released", to = "withdrawn", right = admin, comment = true)]) {
  number @0 :Text $Coppice.unique;
  material @1 :Coppice.Ref(Material);
  parts @2 :List(Coppice.Ref(Drawing));
  note @3 :Text;
}

struct Material @0xb4d20e975c6fa138 $Coppice.tree(
    name = "materials",
    states = [(number = 0, name = "live"), (number = 1, name = "phased-out", obsolete = true)],
    steps = [(from = "live", to = "phased-out"), (from = "phased-out", to = "live")]) {
  name @0 :Text;
}

struct Sketch @0xa7e5c08b31d9f264 $Coppice.tree(name = "sketches", versioned = true, children = unchecked) {
  of @0 :Coppice.Ref(Drawing);
}

struct Index @0xc96f1d42e7b80a53 $Coppice.tree(name = "indexes", versioned = true, children = floating) {
  of @0 :List(Coppice.Ref(Drawing));
}

struct Stamp @0xd25a8e60f4c7b913 $Coppice.tree(name = "stamps", minimumWriter = 2) {
  text @0 :Text;
}
