#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "quern/executor/internal/differentiable_plan.h"
#include "quern/ptq/adaround.h"
#include "quern/ptq/internal/blocks.h"

namespace quern::internal {

/// Grids of fewer bits are coarse: their constants are learned too, and leaving activations
/// unrounded helps.
inline constexpr int kFineBits = 8;

/// What a block reads and should compute, over all its patches (the first dimension).
struct BlockSamples {
  std::vector<at::Tensor> inputs;   ///< In the network rounded so far.
  std::vector<at::Tensor> real;     ///< In the float network; empty: not mixed in.
  std::vector<at::Tensor> targets;  ///< Its outputs in the float network.
  at::Tensor valid;                 ///< 1 where a target counts; undefined: everywhere.
};

/// The block as a function of its inputs and its layers' weights.
/// @throws Error(kUnsupported) naming the layer where it can not be differentiated.
DifferentiablePlan differentiable_block(const Graph& graph, const Block& block);

/// The mean squared error of a block's outputs, relative to their variance.
struct BlockErrors {
  double nearest = 0;  ///< With weights rounded to nearest and the scales that were.
  double learned = 0;

  /// Whether what was learned is kept. Where an error is not finite it is not.
  bool is_better() const { return learned <= nearest; }
};

/// Learns the rounding of the block's weights and the scales of its activations, and writes them to
/// the graph if they are better; else weights rounded to nearest and the scales that were.
/// @param seed  Of the patches that rounds take and the activations they leave unrounded.
BlockErrors reconstruct_block(Graph& graph, const Block& block, const BlockSamples& samples,
                              const AdaRoundOptions& options, std::uint64_t seed, int threads);

}  // namespace quern::internal
