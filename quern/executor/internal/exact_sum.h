#pragma once

#include "quern/executor/internal/step.h"

namespace quern {

/// The step of a Conv, Gemm or MatMul for SumMode::kExact:
///
///     y = float32(s_x · s_w · Σ (q_x − z_x) · (q_w − z_w) + bias)
///
/// The sum is one of integers, so no order of its terms changes it. Empty for other nodes, and
/// where the input has no scale of its own, the weight is no constant on a grid, or codes are so
/// wide that a double does not hold their sum.
Forward build_exact_sum(const StepSource& source);

}  // namespace quern
