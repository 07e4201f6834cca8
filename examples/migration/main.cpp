// Migrates the contacts of a stopped server: migrate_contacts FOLDER [--dry-run].
#include <coppice/migration_main.h>

#include "contacts.capnp.h"
#include "examples/migration/convert.h"

int main(int argc, char** argv) {
  return coppice::migration_main(argc, argv,
                                 {coppice::migration<contacts::Contact>(contacts::convert)});
}
