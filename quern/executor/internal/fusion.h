#pragma once

#include <c10/util/FunctionRef.h>

#include <optional>
#include <utility>
#include <vector>

#include "quern/executor/internal/step.h"
#include "quern/quantizers/pointwise.h"

namespace quern {

/// A chain of nodes that one pass over memory computes:
///
///     BatchNormalization → Relu | Clip … → Quant
///
/// each optional, in this order. In QuantMode::kFloat a Quant rounds nothing: it is left out, or,
/// of kind kConstant, clips.
class PointwiseChain {
 public:
  /// Appends the node. @return false, and nothing is changed, where it does not fit: the op is
  /// another, it comes too early in the order, or its parameters are computed.
  bool append(const StepSource& source);

  /// The pass; the channels of its input are dimension 1.
  Forward build() const;

  /// The same over memory with so many channels, behind the addition of a bias where it is defined.
  std::vector<Pointwise> passes(const at::Tensor& bias, std::int64_t channels) const;

  /// The same as a function of input and scale that autograd differentiates.
  Forward build_differentiable() const;
  /// The scale that `build_differentiable` reads as its second input; none without a grid.
  ScaleId scale() const { return scale_; }

  /// What that function computes, but for the scale.
  PointwiseSpec differentiable_spec() const;
  bool is_identity() const;

 private:
  bool append_batch_normalization(const StepSource& source);
  bool append_clip(float low, float high);
  bool append_quant(const StepSource& source);

  PointwiseSpec spec_;
  ScaleId scale_;
  std::optional<std::pair<float, float>> ends_;  ///< Of a constant quantizer's grid.
};

/// What a differentiable pass, which wants channels innermost in dense memory, makes of x, whose
/// channels are dimension 1.
at::Tensor on_innermost_channels(const at::Tensor& x, std::int64_t channels,
                                 c10::function_ref<at::Tensor(const at::Tensor&)> pass);

}  // namespace quern
