@0xa8c1f6d2b7e94350;
# What a replica keeps of refused work. Stored in its "drawer" table.

using Cxx = import "/capnp/c++.capnp";
using Protocol = import "/coppice/protocol.capnp";
$Cxx.namespace("coppice::client::stored");

struct Conflict {
  transaction @0 :Protocol.Transaction;
  # Whole, as it was handed in.

  reasons @1 :List(Protocol.Refusal);
  bases @2 :List(Base);
  # What the authority had of each record that the transaction touched and that existed there, when it was refused.

  operation @3 :UInt64;
  # The operation that was refused; 0: work that was not handed in when its borrow was lost.

  schemas @4 :List(Protocol.TreeSchema);
  # Of actions whose body has no version: the schemas by which those were written, where their trees were migrated since.

  struct Base {
    tree @0 :UInt64;
    key @1 :UInt64;
    value @2 :Data;
  }
}
