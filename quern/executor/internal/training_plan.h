#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quern/executor/internal/program.h"
#include "quern/executor/internal/training_steps.h"

namespace quern {

struct TrainingPlanOptions {
  TrainingOperators operators = TrainingOperators::kFused;
  int threads = 0;        ///< Of one run, forwards and backwards; 0: all cores.
  double momentum = 0.1;  ///< Of batch norms: the share of a batch in the running statistics.
};

/// A graph compiled to the steps of its training: batch norms normalize by the batch, quantizers
/// round weights as they stand in a ParameterStore, and autograd leads from the outputs to what is
/// learned there.
///
/// A run at a fixed number of threads repeats bit for bit. One run at a time; its backward pass
/// must be done before the next run.
class TrainingPlan {
 public:
  /// @param parameters  Of this graph; read and written by every run, so it must live on.
  /// @throws Error(kUnsupported) naming layer and op where there is no float implementation or no
  ///         gradient; Error(kInvalidArgument) where a scale that training leaves alone is not
  ///         known.
  TrainingPlan(const Graph& graph, ParameterStore& parameters,
               const TrainingPlanOptions& options = {});
  ~TrainingPlan();
  TrainingPlan(TrainingPlan&&) noexcept;
  TrainingPlan& operator=(TrainingPlan&&) noexcept;

  /// One forward pass. Running statistics and measured scales in the store change with it.
  ///
  /// @param inputs  One per graph input, float32; the batch extent (the first) may be any size.
  /// @return        One per graph output, with its way back, unless gradients are off.
  /// @throws Error(kUnsupported) naming the layer where the way back breaks off;
  ///         Error(kInvalidArgument) naming the layer whose learned scale is not known.
  std::vector<at::Tensor> run(const std::vector<at::Tensor>& inputs, const TrainingMode& mode = {});

  /// The first layer of such a pass whose output is not finite; none where all are. The store is
  /// left as it is.
  std::optional<std::string> first_not_finite(const std::vector<at::Tensor>& inputs,
                                              const TrainingMode& mode = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quern
