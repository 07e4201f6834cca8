#include "coppice/check.h"

#include <cstdio>
#include <cstdlib>

namespace coppice {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr,
               "%s:%d: COPPICE_CHECK failed: %s\nThis is a bug in Coppice; please report it.\n",
               file, line, condition);
  std::abort();
}

}  // namespace coppice
