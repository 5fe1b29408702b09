#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "quern/kernels/conv_kernel.h"
#include "quern/kernels/moments.h"

namespace quern {

/// Moments as a tensor [2, channels] float64: means, then biased variances.
at::Tensor to_tensor(const Moments& moments);

/// The moments of dense memory whose innermost dimension are the channels.
at::Tensor measure_moments(const at::Tensor& x, std::int64_t channels);

/// The same, which autograd differentiates.
at::Tensor differentiable_moments(const at::Tensor& x, std::int64_t channels);

/// What a gradient by moments adds to that by what they were measured of.
class MomentsWayBack {
 public:
  /// @param moments   Of y.
  /// @param gradient  By them; undefined where nobody read them.
  MomentsWayBack(const at::Tensor& y, const at::Tensor& moments, const at::Tensor& gradient);

  /// None without a gradient.
  std::optional<MomentsGradient> gradient() const;

  /// Adds it to the gradient dy by y, into `to`, which may be the same memory.
  void add(const at::Tensor& dy, const at::Tensor& to) const;

 private:
  at::Tensor y_;
  std::vector<float> mean_, slope_, intercept_;  ///< Repeated; empty without a gradient.
};

}  // namespace quern
