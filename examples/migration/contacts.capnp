@0x9d7c51f0a2b3e864;

using Coppice = import "/coppice/tree.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("contacts");

struct Contact @0xe5a1c3d7f9204b68 $Coppice.tree(name = "contacts") {
  # Whom we know. Until last year it was
  #
  #   name @0 :Text;       # "Ada Lovelace"
  #   age @1 :UInt16;      # when it was written down
  #
  # which no program reads as what it is now: that is what main.cpp is for.

  givenName @0 :Text;
  familyName @1 :Text;
  bornAbout @2 :UInt16;
}
