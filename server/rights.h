#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "coppice/key.h"
#include "coppice/protocol.capnp.h"

namespace coppice::server {

// What somebody may do. Stored as bits: never renumber.
enum class Right : std::uint8_t {
  read = 0,           // be here at all, and see everything
  append = 1,         // make new records
  edit = 2,           // borrow records, change, remove and revise them
  release = 3,        // freeze a revision for ever
  set_state = 4,      // move state numbers; a declared step may ask for another right
  break_overdue = 5,  // end an overdue borrow of a record that one waits for
  break_borrow = 6,   // end anybody's borrow
  admin = 7,          // users and devices; state numbers beside the table
};
inline constexpr std::uint8_t kRightCount = 8;

// "break": as it is said on the command line.
const char* to_string(Right right);
std::optional<Right> parse_right(std::string_view text);

// A set of rights. A value.
class Rights {
 public:
  constexpr Rights() = default;
  constexpr Rights(std::initializer_list<Right> rights) {
    for (Right right : rights) add(right);
  }
  explicit constexpr Rights(std::uint32_t bits) : bits_(bits) {}
  static constexpr Rights all() { return Rights((std::uint32_t{1} << kRightCount) - 1); }

  constexpr void add(Right right) { bits_ |= bit(right); }
  constexpr bool has(Right right) const { return (bits_ & bit(right)) != 0; }
  constexpr std::uint32_t bits() const { return bits_; }
  bool operator==(const Rights&) const = default;

 private:
  static constexpr std::uint32_t bit(Right right) {
    return std::uint32_t{1} << static_cast<unsigned>(right);
  }
  std::uint32_t bits_ = 0;
};
// "read, append, edit".
std::string to_string(Rights rights);

// What an action of a transaction needs. A state number may be moved by the right that its step
// asks for, too.
Right right_for(protocol::Action::Kind kind);

// A named set of rights. Data of the database; these are what it begins with.
struct Role {
  std::string name;
  Rights rights;
};
const std::vector<Role>& default_roles();

// What one client may do, as the database says it now.
struct Permit {
  std::string user;
  std::string role;
  Rights rights;
  // Where all but reading is allowed; nothing: everywhere.
  std::optional<std::set<TreeId>> trees;

  // Without a tree: whether there may be one.
  bool allows(Right right, TreeId tree = {}) const {
    if (!rights.has(right)) return false;
    const bool anywhere = !trees || right == Right::read || tree == TreeId{};
    return anywhere || trees->contains(tree);
  }
};

}  // namespace coppice::server
