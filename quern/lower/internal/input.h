#pragma once

#include "quern/lower/internal/lowering.h"

namespace quern::internal {

/// Makes an input of the model for every graph input: pixels where preprocessing is recorded and
/// the input has three channels, codes elsewhere.
void lower_inputs(Lowering& lowering);

/// Lists the model's inputs in the graph's order. @throws Error(kUnsupported) naming an input that
/// no Quant reads.
void finish_inputs(Lowering& lowering);

}  // namespace quern::internal
