#pragma once

#include "quern/passes/passes.h"

namespace quern {

/// How training finds the scales of a network: kMinMax, kLsq or kPact each.
struct TrainableKinds {
  QuantizerKind weights = QuantizerKind::kLsq;
  QuantizerKind activations = QuantizerKind::kLsq;
};

/// Gives the quantizers of weights and activations a kind that training changes. Scales stay as
/// they are, known or not; a constant threshold (the 6 of a ReLU6) becomes the start of a learned
/// one. Quantizers that share a Scale change together.
///
/// Derived biases stay derived, and the quantizer of a graph input stays as it is, unless its scale
/// is shared. So do grids whose scale can not be learned, with a note: those with zero points,
/// another rounding than half to even, scales that are powers of two, codes beyond ±2²², or an
/// activation's scale per channel.
/// @throws Error(kInvalidArgument) for a kind that training does not change.
PassReport learn_scales(Graph& graph, const TrainableKinds& kinds = {});

}  // namespace quern
