#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>

#include "quern/quantizers/pointwise.h"
#include "quern/quantizers/pointwise_gradient.h"

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

/// The scale of a pass's grid, and how it is learned.
struct PassScale {
  at::Tensor value;         ///< One element; undefined: the grid's own.
  bool learns_step = true;  ///< See GradientPass.
  double factor = 1;        ///< What its gradient is multiplied by.
  /// Where set, answers with the scale, which is not learned then, when it has seen what the pass,
  /// clipped but not rounded, makes of x.
  std::function<float(const GradientPass& pass, const at::Tensor& x)> observe = {};

  /// Sets what `pass` rounds with. @return whether the scale gets a gradient.
  bool apply(GradientPass& pass, const at::Tensor& x) const;
};

/// A pointwise pass that autograd differentiates, by input and scale.
class DifferentiablePass {
 public:
  /// @throws Error(kUnsupported) for a grid that has no gradient.
  DifferentiablePass(const PointwiseSpec& spec, std::int64_t channels);

  /// @param x  Dense, channels innermost.
  at::Tensor operator()(const at::Tensor& x, const PassScale& scale) const;

  struct Parameters;

 private:
  std::shared_ptr<const Parameters> parameters_;
};

/// The grid of a pass. @throws Error(kUnsupported) for one that has no gradient.
GradientPass grid_of(const PointwiseSpec& spec);

}  // namespace quern
