#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "quern/quantizers/pointwise.h"

namespace quern {

/// Activations that are not rounded, drawn for every pass.
///
/// Source: QDrop, arXiv:2203.05740.
struct KeptActivations {
  std::uint32_t seed = 0;
  std::uint32_t share = 0;  ///< Of 2³².
};

/// What passes on the calling thread keep; every pass changes the seed.
KeptActivations& kept_activations();

/// A pointwise pass that autograd differentiates, by input and scale.
class DifferentiablePass {
 public:
  DifferentiablePass(const PointwiseSpec& spec, std::int64_t channels);

  /// @param x      Dense, channels innermost.
  /// @param scale  One element; undefined: the grid's own, if there is one.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& scale) const;

  struct Parameters;

 private:
  std::shared_ptr<const Parameters> parameters_;
};

}  // namespace quern
