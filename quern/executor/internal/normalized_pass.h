#pragma once

#include "quern/executor/internal/normalization.h"

namespace quern {

/// Batch normalization, clip and fake quantization of memory by given moments, as autograd
/// differentiates them: one pass over memory forwards, one backwards, which computes masks from the
/// input again, so that nothing but the input is kept.
///
/// @param pass     Clip and grid, with a period.
/// @param x        Dense, channels innermost.
/// @param moments  Of x: [2, channels] float64; undefined: measured here, where they are used.
at::Tensor normalized_pass(const GradientPass& pass, const at::Tensor& x, at::Tensor moments,
                           const NormalizationState& state, const Normalization& how,
                           const PassScale& scale);

}  // namespace quern
