#pragma once

#include <filesystem>

namespace coppice::store {

// The right to write to a database's folder, which one process has at a time: a lock on its file
// "owner.lock", which ends with the process, however that ends.
class OwnerLock {
 public:
  // Throws StorageError if another process has it, or the folder cannot be written.
  explicit OwnerLock(const std::filesystem::path& folder);
  OwnerLock(const OwnerLock&) = delete;
  ~OwnerLock();

 private:
  int file_ = -1;
};

}  // namespace coppice::store
