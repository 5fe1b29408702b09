#include "quern/executor/internal/pieces.h"

#include <ATen/Parallel.h>

#include <atomic>
#include <exception>

namespace quern {

// at::parallel_for is an inline function that runs on one thread wherever it is compiled without
// OpenMP. So this file alone is compiled with it, for the threads that LibTorch itself uses.
void for_each_piece(std::int64_t count, c10::function_ref<void(std::int64_t)> work) {
  std::atomic<std::int64_t> next = 0;
  std::atomic<bool> has_failed = false;
  std::exception_ptr failure;
  const int threads =
      at::get_num_threads();  // Also tells OpenMP, where this thread is a fresh one.
#pragma omp parallel if (count > 1 && threads > 1)
  try {
    for (std::int64_t piece = next++; piece < count; piece = next++) work(piece);
  } catch (...) {
    if (!has_failed.exchange(true)) failure = std::current_exception();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace quern
