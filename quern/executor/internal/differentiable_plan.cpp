#include "quern/executor/internal/differentiable_plan.h"

#include <ATen/Parallel.h>
#include <ATen/ops/tensor.h>

#include "quern/executor/internal/memory.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/ops/op_def.h"

namespace quern {

DifferentiablePlan::DifferentiablePlan(const Graph& graph) : graph_(graph) {
  keep_freed_memory();
  infer_shapes(graph_);
  program_ = compile_differentiable(graph_);
  for (const auto& [scale, position] : program_.scales) {
    program_.constants[static_cast<std::size_t>(position)] =
        at::tensor(graph_.scale(scale).values, at::kFloat);
  }
}

std::vector<at::Tensor> DifferentiablePlan::run(const std::vector<at::Tensor>& inputs,
                                                const std::map<ScaleId, at::Tensor>& scales,
                                                const KeptActivations& kept) const {
  kept_activations() = kept;
  if (at::get_num_threads() != 1) at::set_num_threads(1);
  std::vector<at::Tensor> values = program_.constants;
  ensure(inputs.size() == graph_.inputs().size(), "{} inputs given, the network has {}",
         inputs.size(), graph_.inputs().size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values[static_cast<std::size_t>(graph_.inputs()[i].index)] = inputs[i];
  }
  for (const auto& [scale, tensor] : scales) {
    const auto position = program_.scales.find(scale);
    if (position != program_.scales.end()) {
      values[static_cast<std::size_t>(position->second)] = tensor;
    }
  }
  for (const Step& step : program_.steps) advance(step, values);
  std::vector<at::Tensor> outputs;
  for (const ValueId output : graph_.outputs()) {
    outputs.push_back(values[static_cast<std::size_t>(output.index)]);
  }
  return outputs;
}

}  // namespace quern
