#pragma once

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

 private:
  bool append_batch_normalization(const StepSource& source);
  bool append_clip(float low, float high);
  bool append_quant(const StepSource& source);

  PointwiseSpec spec_;
};

}  // namespace quern
