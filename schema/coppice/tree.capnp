@0xe3d2f0a51c7b4e86;
# What an application's schema imports: annotations that turn a struct into a tree, and references between trees.
#
#   using Coppice = import "/coppice/tree.capnp";
#   struct Part $Coppice.tree(name = "parts", versioned = true) { ... }

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("coppice::schema");

struct Ref(T) {
  # A reference to a record of the tree whose struct is T. T is used in no field: it lives in the brand of the field that
  # has this type, where the C++ types, the catalogue and generic tools find it.

  key @0 :UInt64;
  # id << 24 | revision. 0: refers to nothing. Revision 0 floats: "the newest released revision, else the newest".
}

struct Tree {
  # The value of the annotation below.

  name @0 :Text;
  # Unique in a database, what people type: "parts:4711.2". Lower case letters, digits, '_' and '-', starts with a letter,
  # at most 64 bytes.

  versioned @1 :Bool = false;
  # true: records have revisions, which are released. false: one revision, which lives on.

  releasedState @2 :UInt16 = 100;
  # The lifecycle state number that a revision gets when it is released, unless the release names another.

  supersededState @3 :UInt16 = 0;
  # The lifecycle state number that the previous revision gets when the next one is released. 0: it keeps its own.

  commentOnCheckIn @4 :Bool = false;
  # true: a check-in, a release or a removal without a comment is refused.

  states @5 :List(LifecycleState);
  # The lifecycle states that a revision may have. None declared: every number, and every step from one to another.
  # Declared, they have number 0, in which every revision begins, and in a versioned tree releasedState and supersededState.

  steps @6 :List(LifecycleStep);
  # The steps from one of the states to another. What is not here is refused, but for an administrator who says so.
  # A release is a step from a state that is not `released` to one that is, and only a release goes such a step.

  children @7 :Children = released;
  obsolete @8 :ObsoletePolicy = warn;

  minimumWriter @9 :UInt32 = 0;
  # Raise it where earlier programs may only read from now on: a program whose own schema has a lower number here is refused
  # with needsNewerClient when it borrows, creates or checks in. Unknown fields survive its edits without this.
}

struct LifecycleState {
  number @0 :UInt16;
  # What is stored. Keep it for ever.
  name @1 :Text;
  # What people type and read: lower case letters, digits, '_' and '-', a letter first, at most 64 bytes.
  doc @2 :Text;
  released @3 :Bool = false;
  # Of released revisions; the others are of drafts, and of records without revisions.
  obsolete @4 :Bool = false;
  # Nothing new is to refer to a revision in it: see ObsoletePolicy.
}

struct LifecycleStep {
  # By the names of states.
  from @0 :Text;
  to @1 :Text;
  right @2 :StepRight = setState;
  # Who may go it.
  comment @3 :Bool = false;
  # true: not without a comment.
}

enum StepRight {
  # A right that a role has, or has not.
  edit @0;
  release @1;
  setState @2;
  admin @3;
}

enum Children {
  # What a release asks of the references in what it freezes.
  released @0;
  # Each names a released revision, or one that is released by the same transaction; of a tree without revisions, a record that
  # exists. Floating references to versioned trees are pinned by the client when it releases.
  unchecked @1;
  # They are pinned, to a draft too where nothing was released.
  floating @2;
  # They are left as they are: what was released goes on referring to the newest.
}

enum ObsoletePolicy {
  # Of the tree that the obsolete revision is in. References that are there already stay.
  warn @0;
  # A new reference to it is told to who makes it.
  refuse @1;
  # It is refused.
}

annotation tree @0xb2c4a1f09d3e5768 (struct) :Tree;
# Makes the struct the body of the records of a tree. The tree's identity is the struct's 64-bit type id: it stays when the
# struct, the tree or the file are renamed.

annotation label @0xc81d5b7e2f6a9034 (field, struct, enum, enumerant) :Text;
# What people read instead of the identifier.

annotation unit @0x9e4f7a3c8b1d2605 (field) :Text;
# The unit of a number, as it is printed: "mm", "kOhm".

# What can be asked for quickly. On a field of a tree's struct, of a struct or group inside it, at any depth, and of lists of
# these: then each element counts. What is unset (a null or empty text, data or reference; a union member that is not the one
# set) is in no index. To add or remove one of these is a compatible change.

annotation index @0xd78f98833b4d7af7 (field) :Void;
# Ordered: records by a value, or by a range of values. On numbers, Bool, enums, Text, Data, Ref, and lists of these.

annotation unique @0x91e3d16f6336508c (field) :Void;
# As index, and a value belongs to one record, with all its revisions. Not checked of what is unset, which for numbers and
# enums is the default value. The authority has the last word: what was made off line may be refused by it.

annotation search @0x9d3ca09684bb1e23 (field) :Void;
# Full text, by words and their beginnings, without regard to case and accents. On Text and lists of it.
