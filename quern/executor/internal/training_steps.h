#pragma once

#include <vector>

#include "quern/executor/internal/fusion.h"
#include "quern/executor/internal/parameter_store.h"
#include "quern/executor/internal/step.h"

namespace quern {

/// What computes a training step.
enum class TrainingOperators : std::uint8_t {
  kFused,  ///< quern's kernels where they serve, on a CPU.
  kPlain,  ///< LibTorch's operators alone, as on any other device; also what the kernels are tested
           ///< against.
};

/// What may change from one training step to the next.
struct TrainingMode {
  bool frozen_batch_norms = false;      ///< They normalize by their running statistics, and leave
                                        ///< those.
  bool scales_from_statistics = false;  ///< Learned scales of activations follow what the batches
                                        ///< hold, and get no gradient.
};

/// What the steps of a training plan share.
struct TrainingContext {
  ParameterStore& parameters;
  TrainingOperators operators = TrainingOperators::kFused;
  double momentum = 0.1;  ///< Of batch norms: the share of a batch in the running statistics.
  TrainingMode mode = {};
};

/// A chain of nodes that one training step computes:
///
///     BatchNormalization → Relu | Clip … → Quant
///
/// each optional, in this order.
class TrainingChain {
 public:
  explicit TrainingChain(const TrainingContext& context) : context_(context) {}

  /// Appends the node. @return false, and nothing is changed, where it does not fit.
  bool append(const StepSource& source);

  /// The step; its inputs are `inputs()` and, where it normalizes, the moments of the first.
  Forward build() const;
  const std::vector<ValueId>& inputs() const { return inputs_; }

  /// Whether it begins with a batch norm.
  bool normalizes() const { return epsilon_.has_value(); }
  /// The same chain as a part of the convolution that reads its result, one that
  /// `reads_normalized`; the step's inputs are those of `build`, and the weight.
  Forward build_into(const StepSource& conv, bool measures) const;

 private:
  const TrainingContext& context_;
  std::vector<ValueId> inputs_;  ///< The first node's.
  PointwiseChain pointwise_;
  std::optional<double> epsilon_;  ///< Of the batch norm, if there is one.
  std::int64_t channels_ = 1;
  QuantizerId quantizer_;  ///< Of the Quant, if there is one.
  QuantSpec grid_;
  QuantizerKind kind_ = QuantizerKind::kCalibrated;
};

/// The step of one node that no chain takes: its quantizer's where it is the Quant of a constant,
/// LibTorch's operator where the context asks for those, else what `fallback` builds.
/// @param measures  The step of a Conv also gives its output's moments.
/// @throws Error(kUnsupported) naming the layer of an op that has no gradient.
Forward build_training_step(const StepSource& source, const TrainingContext& context, bool measures,
                            BuildStep fallback);

}  // namespace quern
