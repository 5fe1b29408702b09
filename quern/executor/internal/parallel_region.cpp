// The only file that is compiled with OpenMP, for the threads that LibTorch itself uses.
#include "quern/executor/internal/parallel_region.h"

namespace quern {

void parallel_region(c10::function_ref<void()> work) {
#pragma omp parallel
  work();
}

}  // namespace quern
