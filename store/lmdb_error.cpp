#include "store/lmdb_error.h"

#include <lmdb.h>

#include <cerrno>
#include <string>

#include "coppice/error.h"

namespace coppice::store {

void throw_on_error(int code, const char* what) {
  if (code == MDB_SUCCESS) return;
  std::string message = std::string("Cannot ") + what + ": " + mdb_strerror(code) + ".";
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      throw NoSpaceError(message + " Free some space on the disk; nothing was lost.");
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_INVALID:
      throw CorruptionError(message + " The database file is damaged.");
    case MDB_READERS_FULL:
      throw StorageError(message + " Too many snapshots are open.");
    default:
      throw StorageError(message);
  }
}

}  // namespace coppice::store
