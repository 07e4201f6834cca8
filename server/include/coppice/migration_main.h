#pragma once

#include <vector>

#include "coppice/migration.h"
#include "coppice/tree_move.h"

namespace coppice {

// The whole of a program that migrates a server's database:
//
//   int main(int argc, char** argv) {
//     return coppice::migration_main(argc, argv, {coppice::migration<shop::Part>(convert)});
//   }
//
// It takes the server's data folder, and --dry-run for a report that changes nothing and may be
// made while the server runs. Prints what becomes of which tree, with examples, and every record
// that cannot be migrated. Returns main()'s code: 0 done, or would be; 1 refused or failed, and
// nothing was changed; 2 wrong usage.
//
// `moves`: records that go to other trees when all bodies are migrated, in the same transaction.
// Where there are only such, `migrations` is {}.
int migration_main(int argc, char** argv, std::vector<Migration> migrations,
                   std::vector<TreeMove> moves = {});

}  // namespace coppice
