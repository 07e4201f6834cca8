@0xd6a3b9e4f1827c50;
# The protocol `coppice.1`: what travels between a client and a server, one ToServer or ToClient message in each binary
# WebSocket frame, in Cap'n Proto's standard stream framing (segment table, then segments; unpacked).
#
# Shapes used throughout
#   UUID       16 bytes, as RFC 4122 orders them.
#   tree       the 64-bit Cap'n Proto type id of the tree's struct.
#   key        id << 24 | revision: 40 bits of id, 24 bits of revision, revisions from 1. An *id key* is a key whose revision
#              bits are 0: it names the record (tree, id) with all its revisions.
#   time       microseconds since 1970-01-01 UTC by the server's clock. A *claimed* time is a client's own; it decides nothing.
#   token      epoch << 48 | n: names one grant of a borrow. 0: none. A token with the highest bit set is not a token but
#              "the grant that my own operation number (the low 63 bits) made": used by work queued before its answer came.
#   value      a stored record: 64-byte header, body, and for a released revision 32 bytes of SHA-256 over the body
#              (docs/storage.md has the byte table). Always a multiple of 8 bytes.
#   body       one Cap'n Proto struct as a canonical single segment without segment table: the root pointer is word 0.
#
# Trust: a server checks everything a client says. A client checks the shape of what a server says, and the bodies.

using Cxx = import "/capnp/c++.capnp";
using Schema = import "/capnp/schema.capnp";
using Tree = import "/coppice/tree.capnp";
$Cxx.namespace("coppice::protocol");

const version :UInt16 = 1;

# ------------------------------------------------------------------------------------------------------------------------
# Catalogue

struct TreeSchema {
  # A tree's schema as it is stored in the catalogue of every database and replica, and embedded in generated code.

  tree @0 :UInt64;
  # The type id of the root struct.

  name @1 :Text;
  # From the annotation, like the options below.

  versioned @2 :Bool;
  releasedState @3 :UInt16 = 100;
  supersededState @4 :UInt16;
  commentOnCheckIn @5 :Bool;

  version @6 :UInt32;
  # Counted by the authority, from 1; 0 in generated code and in what was never seen by an authority. A schema that was
  # accepted once keeps its number for ever, and all of them are kept: the tree's history. The highest is the tree's schema.

  nodes @7 :List(Schema.Node);
  # The root struct's node and all nodes that it needs: nested and imported structs, enums, annotation declarations, the
  # targets of references (as nodes, so that a tool can name them).

  sourceInfo @8 :List(Schema.Node.SourceInfo);
  # Doc comments of these nodes.

  generation @9 :UInt32;
  # The number of the version that the tree's last migration made; 0: it was never migrated, and in generated code. So a body
  # is of an earlier generation if its version is below this. Versions of one generation read and write each other's bodies; a
  # body of an earlier one is read through the migration of the program that has it. Only released revisions keep such bodies.

  adopted @10 :Int64;
  # The time when the authority made it the tree's; 0: not known, or it has not.

  adoptedFrom @11 :Text;
  # Whose program brought it, for people: "Ann, bench 3".

  states @12 :List(Tree.LifecycleState);
  steps @13 :List(Tree.LifecycleStep);
  children @14 :Tree.Children;
  obsolete @15 :Tree.ObsoletePolicy;
  minimumWriter @16 :UInt32;
  # From the annotation, like the options above.
}

# ------------------------------------------------------------------------------------------------------------------------
# Client to server

struct ToServer {
  union {
    hello @0 :Hello;
    # The first message of a connection, and only the first.

    request @1 :Request;
    # Only after a Welcome.

    acknowledge @2 :UInt64;
    # "I have durably dealt with the answers to all my operations up to this one": the server forgets those answers.

    compare @3 :Compare;
    # Only after a Welcome, and the next one only after the answer. It decides nothing, and has no operation number.

    describe @4 :UInt16;
    # Instead of a hello, by who is no replica and wants to know what there is: the version of the protocol. Answered with all
    # versions of all trees as ToClient.catalogue, then `described`, or with `refused`; then the server says goodbye. Nothing is
    # remembered of it.

    token @5 :Data;
    # Before `describe`, where the database has users: as Hello.token.

    shelve @6 :List(ShelfItem);
    # Only after a Welcome. Copies of work that is not handed in, each in place of the one before it. Not an operation, and not
    # answered: what gets lost is sent again when it changes again, or after the next Welcome.

    fetchShelves @7 :List(RecordName);
    # Only after a Welcome, at most 1,000, and the next one only after the answer. Not an operation.
  }
}

struct Hello {
  protocol @0 :UInt16;
  client @1 :Data;
  # UUID, made once with the replica.

  device @2 :Text;
  user @3 :Text;
  # For people: "bench 3", "Ann". At most 200 bytes each.

  application @4 :Text;
  # A replica of one application is refused by a database of another. The first hello to a new database names it for ever.

  database @5 :Data;
  # UUID of the database this replica belongs to; empty at first contact, when the replica binds itself to the answer.

  epoch @6 :UInt16;
  cursor @7 :UInt64;
  # The replica has everything up to this sequence.

  firstSync @8 :FirstSync;
  # Where an unfinished first sync goes on. Null: none unfinished. Cursor 0 and no position: the server starts one.

  acknowledged @9 :UInt64;
  # As in ToServer.acknowledge.

  lastOperation @10 :UInt64;
  # The highest operation number this replica ever used.

  schemas @11 :List(TreeSchema);
  # Trees this program knows and the server may not: those whose schema is no version that this replica's catalogue holds. The
  # server adopts what is new or newer and compatible, before it answers. What it once had, or what has nothing that its
  # newest version lacks, changes nothing: old and new programs do not take turns.

  partial @13 :Bool;
  # The cursor stands between the pieces of a large step: records that changed after it may be missing, with their bodies. The
  # server sends no header alone until it has reached the head.

  known @12 :List(Known);
  # What the replica's catalogue holds already, so that the Welcome need not repeat it: each version of each tree.

  struct Known {
    tree @0 :UInt64;
    version @1 :UInt32;
  }

  token @14 :Data;
  # The access token of a user: 32 bytes, or empty. A database that has users lets nobody else in, and takes the user's name
  # from the token, not from `user`. A database without users asks for none.
}

struct FirstSync {
  # A first sync sends each tree in key order, in the order of tree ids, while the world goes on; then the feed from `since`.

  since @0 :UInt64;
  # The head of the feed when the first sync began.

  tree @1 :UInt64;
  key @2 :UInt64;
  # The last record received. Everything up to it, in this order, is in the replica.

  done @3 :UInt64;
  # Records received so far, for progress.
}

struct Request {
  # Everything that asks the authority to decide. Executed in the order of operation numbers, each exactly once: a repeated
  # number is answered with the stored answer.

  operation @0 :UInt64;
  # 1, 2, 3 ... per client; kept by the client, unchanged, until answered. A number that skips one ends the connection.

  acknowledged @1 :UInt64;

  union {
    transaction @2 :Transaction;
    borrow @3 :Borrow;
    wait @4 :Borrow;
    # Wait in line for records that somebody holds. The place in the line ends with the connection; a wait that is sent again
    # on another one waits again.
    giveBack @5 :GiveBack;
    lease @6 :LeaseRequest;
    breakBorrow @7 :Break;
    takeOver @8 :Borrow;
    # Moves borrows of the same user from other devices to this one. All or none.
    handOver @9 :HandOver;
    accept @10 :Accept;
    nudge @11 :Nudge;
    revoke @12 :Revoke;
  }
}

struct Transaction {
  # Accepted all together, or refused all together with every reason.

  comment @0 :Text;
  claimedTime @1 :Int64;
  actions @2 :List(Action);
  # Judged in order; each sees the effects of those before it.
}

struct Action {
  kind @0 :Kind;
  keepBorrow @1 :Bool;
  # create, checkIn: keep (or get) the borrow afterwards.

  tree @2 :UInt64;
  key @3 :UInt64;
  # nextRevision: the new key; its revision must be one above the head's.

  token @4 :UInt64;
  # Of the borrow this is done under. Not for create and setState.

  baseIteration @5 :UInt32;
  # checkIn, release, remove: the iteration of this revision that the work is based on.

  stateFrom @6 :UInt16;
  stateTo @7 :UInt16;
  # setState: compare and set. release: stateTo is the released state, 0: the tree's default.

  schemaVersion @8 :UInt32;
  # create, checkIn, nextRevision with a body: the version of the tree's schema that describes the body. For a new body, the
  # version that the program knows; for an edited one, the higher of that and of the version of what was edited, whose
  # unknown fields are in it still. 0: by the schema that this client brought in a hello after the body was written; the
  # authority takes its newest version, which has all of that. A version of an earlier generation is refused.

  body @9 :Data;
  # create, checkIn. nextRevision: empty copies the released revision's body, which must not be of an earlier generation.

  override @10 :Bool;
  # setState: go a step that the tree does not declare. For administrators; the log says so.

  writer @11 :UInt32;
  # checkIn: the version of the schema that the program which edited the body knows, where that is below schemaVersion: what
  # decides whether it may write (minimumWriter). 0: schemaVersion.

  pins @12 :Bool;
  # checkIn: made by the client for the release that follows it: nothing but pinned references is new. For the client alone.

  enum Kind {
    create @0;        # a new record, revision 1, with an id out of the client's lease
    checkIn @1;       # a new body for the draft or the live record
    release @2;       # freezes the draft; ends the borrow
    nextRevision @3;  # a draft after a released head; the borrow goes on
    setState @4;      # moves a lifecycle state number by a declared step; needs no borrow on a released revision
    remove @5;        # deletes a draft or a live record; leaves a tombstone; ends the borrow
  }
}

struct Borrow {
  # All of them or none.
  records @0 :List(RecordName);
  purpose @1 :Text;
  expectedReturn @2 :Int64;
  # A time, or 0.
}

struct GiveBack {
  # Return or undo: ends borrows, changes nothing else. What is already gone counts as given back.
  # Of a record that the client does not hold but waits for, or is offered: leaves the line.
  records @0 :List(RecordName);
  tokens @1 :List(UInt64);
  # One for each record.
}

struct RecordName {
  tree @0 :UInt64;
  id @1 :UInt64;
  schemaVersion @2 :UInt32;
  # borrow: the version of the tree's schema that the program knows, which decides whether it may write (minimumWriter).
  # 0: not said.
}

struct Break {
  # Ends borrows of others, all or none, by the right to break; or, where they are overdue for long, by who waits for them.
  # What the holders have not handed in goes to their drawers.
  records @0 :List(RecordName);
  tokens @1 :List(UInt64);
  # Empty, or one for each record: the grant that is meant, or 0 for whichever it is. Another one is not broken.
  reason @2 :Text;
  # Compulsory.
}

struct HandOver {
  # Offers borrows to a user, who gets each with an Accept; until then the holder goes on. Who has the right to break may
  # offer what others hold. An earlier offer of the same record is over.
  records @0 :List(RecordName);
  tokens @1 :List(UInt64);
  # As in Break.
  user @2 :Text;
  # Empty: takes the offer back.
  reason @3 :Text;
}

struct Accept {
  # Takes what was offered to this user by a HandOver: all or none; answered as a borrow. The former holders' devices are
  # fenced as by a break. To decline, a GiveBack with token 0.
  records @0 :List(RecordName);
  purpose @1 :Text;
  expectedReturn @2 :Int64;
}

struct Nudge {
  # Asks the holders to return these records. Once in a minute from one client for one record.
  records @0 :List(RecordName);
  text @1 :Text;
}

struct Revoke {
  # By an administrator: the device, or every device of the user with its tokens, is refused from now on, and its borrows are
  # broken. Its leases are retired: nobody gets these ids.
  client @0 :UInt32;
  # A device. 0: `user` is meant.
  user @1 :Text;
  reason @2 :Text;
}

struct LeaseRequest {
  tree @0 :UInt64;
  count @1 :UInt64;
  # How many ids the client would like. The server gives at least one, at most its limit.
}

struct Compare {
  # "What do you have?" A replica asks it to know whether it holds what the server has: see docs/protocol.md, "Comparing".

  cursor @0 :UInt64;
  # The replica stood here. What changed later is left out of the digests.

  ranges @1 :List(Range);
  # At most 64. None: every tree as a whole, as one part each.

  struct Range {
    tree @0 :UInt64;
    after @1 :UInt64;
    upTo @2 :UInt64;
    # Key words above `after`, up to and with `upTo`.
    recordsPerPart @3 :UInt64;
    # 0: the range is one part. The server makes at most 64 parts; the last takes what is left.
  }
}

# ------------------------------------------------------------------------------------------------------------------------
# Server to client

struct ToClient {
  union {
    welcome @0 :Welcome;
    refused @1 :Refusal;
    # The answer to a hello that cannot be served; the server closes the connection after it.

    answers @2 :List(Answer);
    # In the order of the client's operations. Sent after the commit that made them durable, and before the changes that
    # they caused.

    changes @3 :Changes;
    snapshot @4 :SnapshotPart;
    catalogue @5 :List(TreeSchema);
    # A tree was adopted or its schema moved on: the new versions; or, after the Welcome, the history that the replica lacks.
    # Comes before any record that needs it. A version that is not the highest does not change the tree.

    offer @6 :Offer;

    clients @7 :List(ClientName);
    # Who the numbers in headers are: all that may be in one after the Welcome, then each before its first record, and each
    # that is renamed. A client that never made a request is not among them.

    compared @8 :Compared;

    described @9 :Description;
    # After the catalogue.

    ended @10 :List(Ending);
    # Borrows that ended by another's will, to everybody on line; and after the Welcome those of the client itself that its
    # cursor has not passed. Comes before the changes that carry it out, so before anybody uses a next grant.

    handOvers @11 :List(HandOverOffer);
    # To the user that is offered something, or was: all offers to that user as they are now.

    nudged @12 :List(Nudged);
    # To the holder, at once or after the next Welcome.

    lines @13 :Lines;
    # Who waits for what: everything after the Welcome, where anybody waits, then what changed. A Welcome ends what was known.

    shelves @14 :List(Shelf);
    # The answer to fetchShelves: those there are, and that the client may see. They are for the one whose work it is, on any
    # device; who has got the borrow by a hand-over; and administrators.
  }
}

struct Ending {
  tree @0 :UInt64;
  id @1 :UInt64;
  token @2 :UInt64;
  # The grant that is dead.
  how @3 :How;
  holder @4 :Holder;
  # Who had it.
  by @5 :Holder;
  # Whose will it was: device and user.
  time @6 :Int64;
  reason @7 :Text;
  sequence @8 :UInt64;
  # Done when the cursor has reached this.

  enum How {
    broken @0;
    takenOver @1;
    handedOver @2;
    revoked @3;
  }
}

struct HandOverOffer {
  tree @0 :UInt64;
  id @1 :UInt64;
  holder @2 :Holder;
  by @3 :Holder;
  # Who offers it: mostly the holder.
  time @4 :Int64;
  reason @5 :Text;
}

struct Nudged {
  tree @0 :UInt64;
  id @1 :UInt64;
  by @2 :Holder;
  time @3 :Int64;
  text @4 :Text;
}

struct ShelfItem {
  tree @0 :UInt64;
  key @1 :UInt64;
  token @2 :UInt64;
  # Of the borrow that it is done under. Under another one than the one in force, it is not kept.
  baseIteration @3 :UInt32;
  schemaVersion @4 :UInt32;
  body @5 :Data;
}

struct Shelf {
  # A copy of somebody's unfinished work.
  item @0 :ShelfItem;
  holder @1 :Holder;
  # Who did it, and under which token.
  time @2 :Int64;
}

struct Lines {
  whole @0 :Bool;
  # These are all; else only those of the records named, and an empty line is over.
  lines @1 :List(Line);

  struct Line {
    tree @0 :UInt64;
    id @1 :UInt64;
    waiting @2 :List(UInt32);
    # Clients, the next one first.
    keptFor @3 :UInt32;
    until @4 :Int64;
    # The client that has an offer until then; 0: none.
  }
}

struct Description {
  # A database, to who only looks at it.
  database @0 :Data;
  epoch @1 :UInt16;
  application @2 :Text;
  # Empty: no replica was ever here.
  server @3 :Text;
  head @4 :UInt64;
}

struct ClientName {
  number @0 :UInt32;
  device @1 :Text;
  user @2 :Text;
}

struct Welcome {
  database @0 :Data;
  epoch @1 :UInt16;
  clientNumber @2 :UInt32;
  # This client's number in this database: what headers name as borrower and author.

  head @3 :UInt64;
  lastOperation @4 :UInt64;
  # The highest operation number of this client that was executed. The client sends again whatever is unanswered.

  catalogue @5 :List(TreeSchema);
  # The trees whose newest version the replica lacks. Earlier versions that it lacks follow as ToClient.catalogue.

  limits @6 :Limits;
  time @7 :Int64;
  server @8 :Text;
  firstSync @9 :Bool;
  # true: SnapshotParts follow (from the position in the hello, if there was one); false: Changes from the cursor.
  # true for a cursor that is behind the horizon of dropped tombstones, too: the replica forgets its synced records first.
  discardReplica @10 :Bool;
}

struct Limits {
  frameBytes @0 :UInt32;
  bodyBytes @1 :UInt32;
  actionsPerTransaction @2 :UInt32;
  requestsInFlight @3 :UInt32;
  # A client with more unanswered requests than this waits.
  leaseCount @4 :UInt64;
}

struct Answer {
  operation @0 :UInt64;
  union {
    refused @1 :List(Refusal);
    # Nothing was changed.

    accepted @2 :Accepted;
    borrowed @3 :List(Grant);
    waiting @4 :List(Waiting);
    gaveBack @5 :Void;
    leased @6 :Lease;
    done @7 :Void;
    # breakBorrow, handOver, nudge, revoke. takeOver and accept are answered with `borrowed`.
  }
}

struct Accepted {
  first @0 :UInt64;
  last @1 :UInt64;
  # The sequences of the changes it made. first > last: it changed nothing.
  #
  # A transaction of creates only, none with keepBorrow and none with schemaVersion 0: the record of action i has sequence and bodySequence first + i, and the
  # client knows its header (schema: "fresh"). The server does not send such records back to the client that made them.
  time @2 :Int64;
  grants @3 :List(Grant);
  # Borrows that began with this transaction (creates that keep their borrow).
}

struct Grant {
  tree @0 :UInt64;
  id @1 :UInt64;
  token @2 :UInt64;
  sequence @3 :UInt64;
  # The borrow may be used when the replica's cursor has reached this: it then holds exactly what was granted.
  since @4 :Int64;
}

struct Waiting {
  tree @0 :UInt64;
  id @1 :UInt64;
  place @2 :UInt32;
  # 1: next. 0: it is free, borrow it.
  holder @3 :Holder;
}

struct Offer {
  # A record this client waits for is free, and kept for it until then: send a Borrow.
  tree @0 :UInt64;
  id @1 :UInt64;
  until @2 :Int64;
}

struct Lease {
  tree @0 :UInt64;
  begin @1 :UInt64;
  end @2 :UInt64;
  # Ids [begin, end), this client's for ever.
}

struct Holder {
  client @0 :UInt32;
  device @1 :Text;
  user @2 :Text;
  since @3 :Int64;
  lastSeen @4 :Int64;
  # 0: on line now.
  purpose @5 :Text;
  expectedReturn @6 :Int64;
  token @7 :UInt64;
  overdue @8 :Int64;
  # Since when nobody has heard of the holder for too long, or the expected return is over; 0: it is not overdue.
}

struct Changes {
  # Part of a unit: what one read transaction of the authority held between a cursor and its head. The client keeps parts until
  # the one with `complete`, and applies them in one transaction.
  records @0 :List(Change);
  # In the order of sequences; each record once.

  upTo @1 :UInt64;
  # The cursor after this part.

  complete @2 :Bool;
  head @3 :UInt64;
  # The head of the feed as far as the server knows; above upTo: the replica is catching up.
}

struct Change {
  tree @0 :UInt64;
  key @1 :UInt64;
  headerOnly @2 :Bool;
  # true: the body is the one the replica has already; the value is header and, if released, hash.
  value @3 :Data;
  borrow @4 :Holder;
  # Set where the header names a borrow.
}

struct SnapshotPart {
  tree @0 :UInt64;
  records @1 :List(Change);
  # In key order, never headerOnly.
  position @2 :FirstSync;
  # What a hello says to go on after this part.
  total @3 :UInt64;
  # About how many records the first sync has, for progress.
  last @4 :Bool;
  # The trees are complete; Changes from position.since follow, without a record where nothing happened meanwhile.
}

struct Compared {
  # The answer to a Compare, from one read transaction of the server.

  head @0 :UInt64;
  changed @1 :List(RecordKey);
  # What changed after Compare.cursor: left out here, and to be left out by the client.

  tooManyChanged @2 :Bool;
  # More changed than the server names. There are no ranges: catch up, and ask anew.

  ranges @3 :List(Range);
  # As asked, in that order.

  struct RecordKey {
    tree @0 :UInt64;
    key @1 :UInt64;
  }
  struct Range {
    tree @0 :UInt64;
    parts @1 :List(Part);
    # In key order, none of them empty; none at all for an empty range.
  }
  struct Part {
    last @0 :UInt64;
    # The records after the previous part, or after Range.after, up to this key, which is a record's.
    count @1 :UInt64;
    digest @2 :UInt64;
  }
}

struct Refusal {
  # Why not, as data: an application can offer the next step from it.
  code @0 :Code;
  tree @1 :UInt64;
  key @2 :UInt64;
  holder @3 :Holder;
  expected @4 :UInt64;
  actual @5 :UInt64;
  text @6 :Text;
  # One sentence for people, complete without the other fields.
  action @7 :UInt32;
  # Index of the action in its transaction, or 0xffffffff.
}

enum Code {
  # When it occurs; what the application should do. Sent and stored: never renumber.
  none @0;               # no refusal
  badRequest @1;         # malformed or over a limit; a bug of the client: report it
  protocolVersion @2;    # the two sides speak no common version; update the older one
  foreignDatabase @3;    # the replica belongs to another database; connect it to its own
  foreignApplication @4; # the database belongs to another application; check the address
  epochChanged @5;       # the server was restored; reconcile first
  recovering @6;         # the server is in recovery; try later
  held @7;               # somebody has it; see holder; wait in line
  heldByYou @8;          # another device of the same user has it; return it there
  offered @9;            # kept for a waiter; see holder; try when it is over
  notBorrowed @10;       # borrow the record first
  borrowLost @11;        # this borrow is over; the work is in the drawer; borrow again and apply it
  staleBase @12;         # the work is based on another state of the record; merge and check in again
  frozen @13;            # the revision is released: make the next revision
  headNotReleased @14;   # there is a draft already: edit that one
  pendingChanges @15;    # check in or undo local changes first
  invalid @16;           # the body does not fit the tree's schema
  foreignKey @17;        # the id lies in no lease of this client, or the key exists already
  unknownRecord @18;     # no such record
  unknownTree @19;       # no such tree; open it with a program that has its schema
  removed @20;           # the record was deleted; create a new one
  referenced @21;        # a released record refers to it
  stateConflict @22;     # the state number is not the one expected; see actual
  noTransition @23;      # the table has no such step
  noRight @24;           # ask somebody who has the right
  commentNeeded @25;     # say why
  requestIdReused @26;   # an operation number came again with another content: a copied replica, or a bug
  staleOperation @27;    # an operation below the acknowledged mark
  idSpaceFull @28;       # the tree's ids are nearly used up: an administrator must decide
  leaseExhausted @29;    # no ids left offline; go on line
  offline @30;           # needs the server; connect
  incompatibleSchema @31;# the schema cannot replace the stored one; see text
  noSpace @32;           # the disk is full; nothing was changed, and the operation number is not used: send the same again later
  notVersioned @33;      # the tree has no revisions
  deviceForked @34;      # the replica was copied, or set back: it needs a new identity
  needsNewerClient @35;  # update the program
  cancelled @36;         # given up by the application
  notSupported @37;      # this version does not do that
  notUnique @38;         # another record has the value already: `actual` is its key in the same tree; choose another value
  indexSetAside @39;     # an indexer of the application failed: its index is built anew later; never sent
  unknownUser @40;       # the database has users, and the access token is none of theirs; ask an administrator for one
  revoked @41;           # an administrator has revoked this device; work here is kept, and another replica is needed
  notOverdue @42;        # a waiter may not break it yet; see actual: when it may
  alreadyFree @43;       # nobody has it, or not by this grant any more; borrow it
  offerGone @44;         # it is not offered to this user, or not any more; ask for it
  tooSoon @45;           # asked already a moment ago; wait a minute
  childrenNotReleased @46; # a release refers to what is not released (Tree.children): release that too, or refer to another revision
  notPinned @47;         # a release refers to whatever is newest: the client must pin it; update the program
  obsolete @48;          # a new reference to a revision that is obsolete: refer to another one
}
