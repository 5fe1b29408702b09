#pragma once

#include <c10/util/FunctionRef.h>

#include <cstdint>
#include <vector>

namespace quern {

/// Dense memory in pieces that threads share: their number follows from the memory's size alone, so
/// what is summed piece by piece is the same for any number of threads.
class Chunks {
 public:
  /// @param count   Elements of the memory.
  /// @param period  Every piece but the last has a multiple of it.
  Chunks(std::int64_t count, std::int64_t period);

  std::int64_t size() const { return chunks_; }

  /// Calls work(chunk, first element, elements) for all of them, as for_each_piece.
  void run(c10::function_ref<void(std::int64_t, std::int64_t, std::int64_t)> work) const;

  /// The same from the last chunk on: what was written or read last is still in a cache.
  void run_backwards(c10::function_ref<void(std::int64_t, std::int64_t, std::int64_t)> work) const;

  /// Runs backwards and lets every chunk add to `lanes` floats of its own, and returns their sums:
  /// of each of `channels` elements, which repeat along `period`, for each of the lanes / period
  /// arrays.
  std::vector<double> sum(
      std::int64_t lanes, std::int64_t channels,
      c10::function_ref<void(float* sums, std::int64_t first, std::int64_t count)> work) const;

 private:
  std::int64_t count_;
  std::int64_t period_;
  std::int64_t length_;  ///< Elements of a chunk.
  std::int64_t chunks_;
};

}  // namespace quern
