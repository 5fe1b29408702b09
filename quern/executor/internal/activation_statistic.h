#pragma once

#include <ATen/core/Tensor.h>

#include "quern/quantizers/pointwise_gradient.h"

namespace quern {

/// A percentile of |v| over a fixed sample of what `pass`, which rounds nothing, makes of x:
/// elements at a stride that visits every channel. The same for any number of threads.
///
/// @param x         Dense, channels innermost.
/// @param channels  Extent of the innermost dimension.
float sampled_threshold(const GradientPass& pass, const at::Tensor& x, std::int64_t channels);

}  // namespace quern
