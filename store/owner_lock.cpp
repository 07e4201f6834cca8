#include "store/owner_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "coppice/error.h"

namespace coppice::store {

OwnerLock::OwnerLock(const std::filesystem::path& folder) {
  const auto path = folder / "owner.lock";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0)
    throw StorageError("Cannot write to " + folder.string() + ": " + std::strerror(errno) + ".");
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(file_);
  throw StorageError(
      folder.string() +
      " is in use by another process. Close that program first, or open the folder read-only.");
}

OwnerLock::~OwnerLock() { ::close(file_); }

}  // namespace coppice::store
