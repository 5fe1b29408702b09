#pragma once

#include <ATen/core/Tensor.h>

#include <map>

#include "quern/executor/internal/differentiable_pass.h"
#include "quern/executor/internal/program.h"

namespace quern {

/// A graph compiled to steps that autograd differentiates by inputs and by scales of activation
/// grids. Weights to be learned are inputs of the graph. Immutable; computes on the calling thread.
class DifferentiablePlan {
 public:
  /// @throws Error(kUnsupported) naming the layer where a step can not be differentiated.
  explicit DifferentiablePlan(const Graph& graph);

  /// @param inputs  One per graph input.
  /// @param scales  One element each; grids of scales not listed stay as in the graph.
  /// @return        One per graph output.
  std::vector<at::Tensor> run(const std::vector<at::Tensor>& inputs,
                              const std::map<ScaleId, at::Tensor>& scales,
                              const KeptActivations& kept = {}) const;

  const Graph& graph() const { return graph_; }

 private:
  Graph graph_;
  Program program_;
};

}  // namespace quern
