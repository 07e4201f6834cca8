@0xf16fc17c0350dd1b;

using Coppice = import "/coppice/tree.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("shop");

struct Part @0x9033da515322e748 $Coppice.tree(name = "parts") {
  # Something in a drawer of the workshop.

  number @0 :Text;
  # What is printed on the drawer.

  title @1 :Text;
}
