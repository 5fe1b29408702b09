#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "quern/engine/int_model.h"

namespace quern::internal {

/// Steps of the schedule, both included. −1: before the run; the number of steps: after it.
struct Lifetime {
  std::int64_t first = 0;
  std::int64_t last = -1;

  bool overlaps(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

struct Lifetimes {
  std::vector<Lifetime> tensors;
  std::vector<Lifetime> ops;  ///< Of scratch memory: from an op's first step to its last.
};

Lifetimes find_lifetimes(const IntModel& model);

/// The input whose place the output of an op of the model takes: one that the op may write over, in
/// one step, and that nobody reads after it; −1 if there is none.
TensorIndex replaced_input(const IntModel& model, const Lifetimes& lifetimes, const IntOp& op);

}  // namespace quern::internal
