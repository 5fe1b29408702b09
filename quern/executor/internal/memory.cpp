#include "quern/executor/internal/memory.h"

#include <climits>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace quern {

void keep_freed_memory() {
#if defined(__GLIBC__)
  static const bool kDone = [] {
    mallopt(M_MMAP_THRESHOLD, INT_MAX);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    return true;
  }();
  (void)kDone;
#endif
}

}  // namespace quern
