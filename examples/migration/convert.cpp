#include "examples/migration/convert.h"

#include <string>

#include "contacts.capnp.h"

namespace contacts {
namespace {

// When the ages were written down.
constexpr std::uint16_t kYear = 2025;

}  // namespace

void convert(capnp::DynamicStruct::Reader old, Contact::Builder now,
             coppice::MigrationContext& context) {
  const std::string name = old.get("name").as<capnp::Text>().cStr();
  const auto space = name.rfind(' ');
  if (space == std::string::npos) {
    return context.refuse("'" + name +
                          "' has no space to be parted at. Give it one, and try again.");
  }
  now.setGivenName(name.substr(0, space));
  now.setFamilyName(name.substr(space + 1));
  if (const auto age = old.get("age").as<std::uint16_t>()) {
    now.setBornAbout(static_cast<std::uint16_t>(kYear - age));
  }
}

}  // namespace contacts
