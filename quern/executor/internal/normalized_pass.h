#pragma once

#include <ATen/core/Tensor.h>

#include "quern/executor/internal/differentiable_pass.h"

namespace quern {

/// What a batch normalization reads besides its input: one element per channel each.
struct NormalizationState {
  at::Tensor gamma;
  at::Tensor beta;
  at::Tensor running_mean;      ///< Updated in place where the batch's statistics are used.
  at::Tensor running_variance;  ///< As above, unbiased.
};

struct Normalization {
  double epsilon = 1e-5;
  double momentum = 0.1;         ///< The share of the batch in what runs.
  bool batch_statistics = true;  ///< False: normalizes by what ran so far, and leaves it.
};

/// Batch normalization, clip and fake quantization in two passes over memory forwards (statistics;
/// the rest) and two backwards (sums; the gradient by x, which is computed from x again, so that
/// nothing but x is kept).
///
/// Source: Ioffe and Szegedy, "Batch Normalization", 2015, arXiv:1502.03167.
class NormalizedPass {
 public:
  /// @param spec  Clip and grid; no multiplier.
  NormalizedPass(const PointwiseSpec& spec, std::int64_t channels);

  /// @param x  Dense, channels innermost.
  at::Tensor operator()(const at::Tensor& x, const NormalizationState& state,
                        const Normalization& how, const PassScale& scale) const;

 private:
  GradientPass pass_;
  std::int64_t channels_;
};

}  // namespace quern
