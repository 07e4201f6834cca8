// Each mistake that the author of a schema can make, and the message for it, word for word.
#include "tests/codegen/compile.h"
#include "tests/support/catch.h"

namespace coppice::test {
namespace {

struct Mistake {
  std::string schema;
  std::vector<std::string> messages;
};

void check(const Mistake& mistake) {
  auto resolution = resolve_text(mistake.schema);
  INFO(mistake.schema);
  CHECK(resolution.problems == mistake.messages);
  CHECK(resolution.files.empty());
}

}  // namespace

TEST_CASE("a tree without a name is refused", "[codegen]") {
  check({"struct Part $Coppice.tree() {}",
         {"test.capnp: struct Part: the tree has no name; write $Coppice.tree(name = \"...\")."}});
  check({"struct Part $Coppice.tree(name = \"\", versioned = true) {}",
         {"test.capnp: struct Part: the tree has no name; write $Coppice.tree(name = \"...\")."}});
}

TEST_CASE("a name that is no tree's name is refused", "[codegen]") {
  check({"struct Part $Coppice.tree(name = \"My Parts\") {}",
         {"test.capnp: struct Part: 'My Parts' is no name for a tree: use lower case letters, "
          "digits, "
          "'_' and '-', a letter first, at most 64 of them."}});
}

TEST_CASE("two trees of one name are refused, both with where the other is", "[codegen]") {
  check(
      {"struct Part $Coppice.tree(name = \"parts\") {}\n"
       "struct Box { struct Piece $Coppice.tree(name = \"parts\") {} }",
       {"test.capnp: struct Part: tree name \"parts\" is taken by struct Box.Piece in test.capnp; "
        "names are unique in a database.",
        "test.capnp: struct Box.Piece: tree name \"parts\" is taken by struct Part in test.capnp; "
        "names are unique in a database."}});
}

TEST_CASE("a tree with type parameters is refused", "[codegen]") {
  const std::string why =
      ": a tree cannot have type parameters, its own or of a struct around it; write them out.";
  check({"struct Part(T) $Coppice.tree(name = \"parts\") { it @0 :T; }",
         {"test.capnp: struct Part" + why}});
  check({"struct Outer(T) { struct Part $Coppice.tree(name = \"parts\") { it @0 :T; } }",
         {"test.capnp: struct Outer.Part" + why}});
}

TEST_CASE("a reference to a struct that is no tree is refused", "[codegen]") {
  const std::string why =
      " refers to struct Box, which is no tree; annotate Box with $Coppice.tree(name = \"...\"), "
      "or hold "
      "it by value.";
  check({"struct Part $Coppice.tree(name = \"parts\") { box @0 :Coppice.Ref(Box); } struct Box {}",
         {"test.capnp: struct Part: field box" + why}});
  check(
      {"struct Part $Coppice.tree(name = \"parts\") { all @0 :List(List(Coppice.Ref(Box))); }\n"
       "struct Box {}",
       {"test.capnp: struct Part: field all" + why}});
  check(
      {"struct Part $Coppice.tree(name = \"parts\") { lines @0 :List(Line); }\n"
       "struct Line { at :group { x @1 :Int8; box @0 :Coppice.Ref(Box); } } struct Box {}",
       {"test.capnp: struct Part: field box of Line.at" + why}});
}

TEST_CASE("a reference to no struct at all is refused", "[codegen]") {
  const std::string why =
      " refers to no tree; write Coppice.Ref(X), X being a struct with $Coppice.tree.";
  check(
      {"struct Part $Coppice.tree(name = \"parts\") { a @0 :Coppice.Ref; b @1 :Coppice.Ref(Text); "
       "}",
       {"test.capnp: struct Part: field a" + why, "test.capnp: struct Part: field b" + why}});
}

TEST_CASE("a capability is refused, wherever it hides", "[codegen]") {
  const std::string why =
      " is an interface, and a capability cannot be stored; hold a reference or a value instead.";
  check(
      {"struct Part $Coppice.tree(name = \"parts\") { a @0 :Door; b @1 :List(Door); c @2 "
       ":Box(Door); }\n"
       "interface Door {} struct Box(T) { it @0 :T; }",
       {"test.capnp: struct Part: field a" + why, "test.capnp: struct Part: field b" + why,
        "test.capnp: struct Part: field it of Box" + why}});
}

TEST_CASE("a pointer without a type is refused", "[codegen]") {
  const std::string why =
      " has no type of its own (AnyPointer or an unbound type parameter), so nobody could check "
      "what is "
      "stored in it; give it a type, or make it Data.";
  check(
      {"struct Part $Coppice.tree(name = \"parts\") { a @0 :AnyPointer; b @1 :AnyStruct; c @2 "
       ":AnyList;\n"
       "d @3 :Capability; union { e @4 :Box; f @5 :Box(Text); } } struct Box(T) { it @0 :T; }",
       {"test.capnp: struct Part: field a" + why, "test.capnp: struct Part: field b" + why,
        "test.capnp: struct Part: field c" + why, "test.capnp: struct Part: field d" + why,
        "test.capnp: struct Part: field it of Box" + why}});
}

TEST_CASE("generic structs without end are refused instead of followed for ever", "[codegen]") {
  check(
      {"struct Part $Coppice.tree(name = \"parts\") { a @0 :Box(Text); }\n"
       "struct Box(T) { it @0 :T; inner @1 :Box(Pair(T)); } struct Pair(T) { a @0 :T; b @1 :T; }",
       {"test.capnp: struct Part: its generic structs contain each other with ever new parameters; "
        "write "
        "the type out that is meant."}});
}

TEST_CASE("a key type whose name is taken is refused", "[codegen]") {
  check({"struct Part $Coppice.tree(name = \"parts\") {} struct PartKey {}",
         {"test.capnp: struct Part: its key type is called PartKey, as is declaration PartKey; "
          "rename one, or "
          "give it another name in C++ with $Cxx.name."}});
  check(
      {"struct AB $Coppice.tree(name = \"one\") {} struct A { struct B $Coppice.tree(name = "
       "\"two\") {} }",
       {"test.capnp: struct A::B: its key type is called ABKey, as is the key of AB; rename one, "
        "or give it "
        "another name in C++ with $Cxx.name."}});
}

TEST_CASE("a list of fields whose name is taken is refused, where there are fields", "[codegen]") {
  check(
      {"struct Part $Coppice.tree(name = \"parts\") { a @0 :Text $Coppice.index; } struct "
       "PartFields {}",
       {"test.capnp: struct Part: the list of its fields is called PartFields, as is declaration "
        "PartFields; rename one, or give it another name in C++ with $Cxx.name."}});
  auto resolution =
      resolve_text("struct Part $Coppice.tree(name = \"parts\") {} struct PartFields {}");
  CHECK(resolution.problems.empty());
}

TEST_CASE("all mistakes of a file are found in one run", "[codegen]") {
  auto resolution = resolve_text(
      "struct Part $Coppice.tree(name = \"Parts\") { a @0 :AnyPointer; b @1 :Coppice.Ref(Box); }\n"
      "struct Box {} struct Good $Coppice.tree(name = \"good\") {} struct Bad $Coppice.tree() {}");
  CHECK(resolution.problems.size() == 3);
  CHECK(resolution.files.empty());
}

TEST_CASE("what a tree only refers to may hold what it likes", "[codegen]") {
  auto resolution = resolve_text(
      "struct Part $Coppice.tree(name = \"parts\") { good @0 :Coppice.Ref(Good); box @1 "
      ":Box(Text); }\n"
      "struct Good $Coppice.tree(name = \"good\") { part @0 :Coppice.Ref(Part); }\n"
      "struct Box(T) { it @0 :T; } struct Unused { a @0 :AnyPointer; } interface Door {}");
  CHECK(resolution.problems.empty());
  REQUIRE(resolution.files.size() == 1);
  CHECK(resolution.files[0].trees.size() == 2);
}

}  // namespace coppice::test
