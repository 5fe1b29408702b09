#pragma once

#include "quern/passes/passes.h"

namespace quern {

/// Puts the answer of a multi-label network behind its logits: BipolarQuant(x) = +1 for x ≥ 0, else
/// −1, with scale 1. Metrics read a logit of 0 or more as yes, so they stay the same. An output
/// that is an answer already stays as it is.
/// @throws Error(kInvalidArgument) if the network has no quantizers: FINN takes the answer of a
///         quantized one.
PassReport append_bipolar_head(Graph& graph);

}  // namespace quern
