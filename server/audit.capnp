@0xc5f2d81b6a3e9047;
# The audit log: one entry for each accepted request that changed something, in the order in which they were decided. Stored as
# single-segment messages in the table "audit", keyed 1, 2, 3 ...; never changed, never removed.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("coppice::server::audit");

struct Entry {
  kind @0 :Kind;
  client @1 :UInt32;
  operation @2 :UInt64;
  first @3 :UInt64;
  last @4 :UInt64;
  # The sequences it made. first > last: none (a lease).
  time @5 :Int64;
  # By the server's clock, microseconds since 1970 UTC.
  claimedTime @6 :Int64;
  # By the client's own clock. Decides nothing.
  text @7 :Text;
  # The transaction's comment, or the purpose of a borrow.
  items @8 :List(Item);
  # What it was about. Empty for creates only: those are exactly the sequences first to last.

  enum Kind {
    creates @0;       # a transaction of creates only
    transaction @1;   # any other
    borrow @2;
    giveBack @3;
    lease @4;         # one item: key is the first id, token the end of the range
    migration @5;     # by an administrator, while no server ran: client 0; text names the trees, their new versions and what moved
    break @6;         # of here on, text is the reason; items have the token that is dead
    takeOver @7;      # items have the new token
    handOverOffer @8; # items have the token that goes on; text: to whom, and why
    handOver @9;      # accepted: items have the new token
    overdue @10;      # by the server: client is the holder
    nudge @11;
    revoke @12;       # text: whom, and why; items have the tokens that are dead
  }
}

struct Item {
  tree @0 :UInt64;
  key @1 :UInt64;
  # A borrow or its return: an id key.
  token @2 :UInt64;
  # Of the borrow that was granted, used or ended. 0: none.
  action @3 :UInt16;
  # In a transaction: coppice.Action.Kind.
  state @4 :UInt16;
  # In a transaction: the revision's lifecycle state afterwards.
  effects @5 :UInt16;
  # In a transaction, bits: 1 `state` and this are set (they were not in the first logs); 2 the record is borrowed
  # afterwards, with `token`; 4 an administrator went a step that the tree does not declare; 8 it follows from another item
  # (the revision before a released one is superseded).
}
