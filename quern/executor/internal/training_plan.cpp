#include "quern/executor/internal/training_plan.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>

#include <algorithm>
#include <thread>

#include "quern/executor/internal/memory.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

/// The graph with a scale wherever a store has one in training, so that steps can be compiled
/// before scales are known.
Graph with_scales(Graph graph) {
  for (const QuantizerId id : graph.quantizers()) {
    const Quantizer& entry = graph.quantizer(id);
    if (!is_trainable(entry.kind)) continue;
    Scale& scale = graph.scale(entry.scale);
    if (scale.values.empty()) scale.values = {1};
  }
  return graph;
}

/// Restores what a run measures.
class Measurements {
 public:
  explicit Measurements(const ParameterStore& store) {
    for (const Parameter& parameter : store.parameters()) {
      if (!parameter.is_learned() || parameter.role == ParameterRole::kActivationScale) {
        saved_.emplace_back(parameter.tensor.data(), parameter.tensor.detach().clone());
      }
    }
  }
  ~Measurements() {
    for (const auto& [tensor, before] : saved_) tensor.copy_(before);
  }
  Measurements(const Measurements&) = delete;
  Measurements& operator=(const Measurements&) = delete;

 private:
  std::vector<std::pair<at::Tensor, at::Tensor>> saved_;
};

}  // namespace

struct TrainingPlan::Impl {
  Graph graph;
  TrainingContext context;
  int threads;
  Program program;
  std::vector<std::pair<std::int32_t, at::Tensor>> parameters;  ///< By position.

  std::vector<at::Tensor> load(const std::vector<at::Tensor>& inputs, const TrainingMode& mode);
  std::vector<at::Tensor> outputs(const std::vector<at::Tensor>& values) const;
};

TrainingPlan::TrainingPlan(const Graph& graph, ParameterStore& parameters,
                           const TrainingPlanOptions& options) {
  keep_freed_memory();
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  impl_ = std::make_unique<Impl>(Impl{.graph = with_scales(graph),
                                      .context = {.parameters = parameters,
                                                  .operators = options.operators,
                                                  .momentum = options.momentum},
                                      .threads = options.threads > 0 ? options.threads : cores,
                                      .program = {},
                                      .parameters = {}});
  infer_shapes(impl_->graph);
  const at::NoGradGuard no_gradients;
  impl_->program = compile_training(impl_->graph, impl_->context);
  for (const ValueId value : impl_->graph.values()) {
    if (const at::Tensor* tensor = parameters.value(value)) {
      impl_->parameters.emplace_back(value.index, *tensor);
    }
  }
}

TrainingPlan::~TrainingPlan() = default;
TrainingPlan::TrainingPlan(TrainingPlan&&) noexcept = default;
TrainingPlan& TrainingPlan::operator=(TrainingPlan&&) noexcept = default;

std::vector<at::Tensor> TrainingPlan::Impl::load(const std::vector<at::Tensor>& inputs,
                                                 const TrainingMode& mode) {
  require(inputs.size() == graph.inputs().size(), "{} inputs given, the network has {}",
          inputs.size(), graph.inputs().size());
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
  context.mode = mode;
  context.parameters.keep_scales_positive();
  std::vector<at::Tensor> values = program.constants;
  for (const auto& [position, tensor] : parameters) {
    values[static_cast<std::size_t>(position)] = tensor;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values[static_cast<std::size_t>(graph.inputs()[i].index)] = dense(inputs[i]);
  }
  return values;
}

std::vector<at::Tensor> TrainingPlan::Impl::outputs(const std::vector<at::Tensor>& values) const {
  std::vector<at::Tensor> outputs;
  for (const ValueId output : graph.outputs()) {
    outputs.push_back(values[static_cast<std::size_t>(output.index)]);
  }
  return outputs;
}

std::vector<at::Tensor> TrainingPlan::run(const std::vector<at::Tensor>& inputs,
                                          const TrainingMode& mode) {
  std::vector<at::Tensor> values = impl_->load(inputs, mode);
  const auto needs_gradient = [&](std::int32_t value) {
    return value >= 0 && values[static_cast<std::size_t>(value)].defined() &&
           values[static_cast<std::size_t>(value)].requires_grad();
  };
  for (const Step& step : impl_->program.steps) {
    const bool is_on_the_way =
        at::GradMode::is_enabled() && std::ranges::any_of(step.inputs, needs_gradient);
    advance(step, values);
    if (is_on_the_way && std::ranges::none_of(step.outputs, needs_gradient)) {
      fail(ErrorCode::kUnsupported, "layer '{}': {} lets no gradient through", step.layer, step.op);
    }
  }
  return impl_->outputs(values);
}

std::optional<std::string> TrainingPlan::first_not_finite(const std::vector<at::Tensor>& inputs,
                                                          const TrainingMode& mode) {
  const at::NoGradGuard no_gradients;
  const Measurements restored(impl_->context.parameters);
  std::vector<at::Tensor> values = impl_->load(inputs, mode);
  for (const Step& step : impl_->program.steps) {
    advance(step, values);
    for (const std::int32_t output : step.outputs) {
      if (output < 0 || !values[static_cast<std::size_t>(output)].defined()) continue;
      if (!at::isfinite(values[static_cast<std::size_t>(output)]).all().item<bool>()) {
        return step.layer;
      }
    }
  }
  return std::nullopt;
}

}  // namespace quern
