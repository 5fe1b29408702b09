#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

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

/// Gradients by what a normalization reads besides its input; undefined where there is none.
struct NormalizationGradients {
  at::Tensor moments, gamma, beta, scale;
};

/// Batch normalization, clip and fake quantization with the numbers of one run: a pass, and what
/// follows from the sums of its way back.
///
/// The batch's moments are an input as any other: they have a gradient of their own, which goes to
/// whatever measured them. So an element's gradient needs no sum over the batch to be known, and
/// one pass over memory is enough on the way back.
///
/// Source: Ioffe and Szegedy, "Batch Normalization", 2015, arXiv:1502.03167.
class BoundNormalization {
 public:
  /// @param pass     Clip and grid, with a period.
  /// @param x        What is normalized: dense, channels innermost.
  /// @param moments  Of x; undefined unless the batch's statistics are used.
  BoundNormalization(const GradientPass& pass, const at::Tensor& x, const at::Tensor& moments,
                     const NormalizationState& state, const Normalization& how,
                     const PassScale& scale);
  BoundNormalization(const BoundNormalization&) = delete;
  BoundNormalization& operator=(const BoundNormalization&) = delete;

  const GradientPass& pass() const { return pass_; }
  const std::vector<float>& mean() const { return mean_; }  ///< Repeated to the pass's period.
  std::int64_t channels() const { return static_cast<std::int64_t>(gamma_.size()); }
  bool learns_scale() const { return learns_scale_; }

  /// @param sums  Of PassReduction, by channel.
  NormalizationGradients gradients(const std::vector<double>& sums) const;

 private:
  GradientPass pass_;
  bool batch_statistics_;
  double factor_;  ///< Of the scale's gradient.
  bool learns_scale_ = false;
  std::vector<double> gamma_;
  std::vector<double> deviation_;                  ///< 1 / √(variance + ε)
  std::vector<float> mean_, multiplier_, offset_;  ///< Repeated to the period.
};

}  // namespace quern
