#pragma once

namespace coppice::store {

// Turns a code of LMDB into an exception: NoSpaceError for a full disk, CorruptionError for a
// damaged file, StorageError for the rest. `what` completes "Cannot ...". Nothing for success.
void throw_on_error(int code, const char* what);

}  // namespace coppice::store
