#pragma once

#include <cstdint>

#include "quern/base/isa.h"
#include "quern/kernels/scratch.h"

namespace quern {

/// Memory that results are written to, tile by tile. What no cache keeps until it is read is
/// computed in one tile and written past the caches: a store into them would read the memory first.
class StreamedOutput {
 public:
  /// @param memory  Null: results are dropped.
  /// @param size    Elements of the whole tensor, which decide.
  /// @param tile    Elements that are written at once, at most.
  StreamedOutput(float* memory, std::int64_t size, std::int64_t tile);

  /// Where to write the elements from `first` on.
  float* tile(std::int64_t first) { return is_direct_ ? memory_ + first : scratch_.data(); }

  /// Says that `count` elements from `first` on are written.
  void finish(std::int64_t first, std::int64_t count, Isa isa) const;

 private:
  float* memory_;
  bool is_direct_;
  Scratch scratch_;
};

/// Copies floats past the caches where the instruction set can.
void copy_past_caches(const float* from, float* to, std::int64_t count, Isa isa);

}  // namespace quern
