#pragma once

#include <coppice/migration.h>

#include "contacts.coppice.h"

namespace contacts {

// What becomes of a contact of last year. The program that migrates the server and every program
// that opens a replica use this one function.
void convert(capnp::DynamicStruct::Reader old, Contact::Builder now,
             coppice::MigrationContext& context);

}  // namespace contacts
