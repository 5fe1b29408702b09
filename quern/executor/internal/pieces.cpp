#include "quern/executor/internal/pieces.h"

#include <ATen/Parallel.h>

#include <atomic>
#include <exception>

#include "quern/executor/internal/parallel_region.h"

namespace quern {

// Not by at::parallel_for, an inline function that runs on one thread wherever it is compiled
// without OpenMP.
void for_each_piece(std::int64_t count, c10::function_ref<void(std::int64_t)> work) {
  std::atomic<std::int64_t> next = 0;
  std::atomic<bool> has_failed = false;
  std::exception_ptr failure;
  const auto take = [&] {
    try {
      for (std::int64_t piece = next++; piece < count; piece = next++) work(piece);
    } catch (...) {
      if (!has_failed.exchange(true)) failure = std::current_exception();
    }
  };
  // Asking for the number also tells OpenMP, where this thread is a fresh one.
  if (at::get_num_threads() > 1 && count > 1) {
    parallel_region(take);
  } else {
    take();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace quern
