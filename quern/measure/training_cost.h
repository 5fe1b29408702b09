#pragma once

#include <cstdint>

#include "quern/graph/graph.h"

namespace quern {

struct TrainingCostOptions {
  std::int64_t batch = 64;  ///< Pictures a step.
  int bits = 4;     ///< Of weights and activations, 1 to 16; 8 of the input and the last layer.
  int threads = 0;  ///< 0: all cores.
  int repetitions = 25;  ///< Of every form, in turns, behind a warm-up.
};

/// What a whole step costs: forward, loss, backward, optimizer.
struct StepCost {
  double ms = 0;                ///< Per picture, the median of the repetitions.
  std::int64_t peak_bytes = 0;  ///< Of all tensors at one time (what LibTorch's allocator has given
                                ///< out and not taken back), from the making of the network on.
};

struct TrainingCost {
  StepCost own_float;       ///< quern's kernels, no quantizers.
  StepCost qat;             ///< The same with learned steps, weights per channel, by scheme finn.
  StepCost libtorch_float;  ///< The same network in LibTorch's operators, channels last.
};

/// Trains a network in three forms on one batch of random numbers, in one process with one
/// allocator, step by step in turns, so that ratios hold on a machine that is not quiet.
///
/// @param graph  In float, of one input [N, C, H, W] whose C, H and W are known, and whose first
///               output is [N, …] float32.
/// @throws Error(kInvalidArgument) where it is not, for a batch or a number of repetitions below 1,
///         and as place_quantizers does; Error(kUnsupported) as TrainingPlan.
TrainingCost training_cost(const Graph& graph, const TrainingCostOptions& options);

}  // namespace quern
