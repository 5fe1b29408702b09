#include "quern/executor/plan.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "quern/analysis/sizes.h"
#include "quern/executor/internal/memory.h"
#include "quern/executor/internal/program.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

/// A batch is computed on one core; side by side batches use the others.
void use_calling_thread_only() {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

void check_input(const Value& wanted, const Tensor& given) {
  const auto check = [&](bool condition) {
    require(condition, "input '{}' is {} {}, expected {} {}", wanted.name, name(given.dtype()),
            to_string(given.shape()), name(wanted.dtype),
            wanted.dims ? to_string(*wanted.dims) : "of any shape");
  };
  check(given.dtype() == wanted.dtype);
  if (!wanted.dims) return;
  check(given.rank() == wanted.dims->size());
  for (std::size_t i = 1; i < given.rank(); ++i) {
    const Dim& dim = (*wanted.dims)[i];
    check(!dim.is_fixed() || dim.size == given.shape()[i]);
  }
}

}  // namespace

struct Plan::Impl {
  Graph graph;
  Program program;
  std::int64_t bytes_per_sample = 0;

  std::vector<at::Tensor> load(const std::vector<Tensor>& inputs) const;
  void run(const Step& step, std::vector<at::Tensor>& values, const Tap& tap) const;
};

std::vector<at::Tensor> Plan::Impl::load(const std::vector<Tensor>& inputs) const {
  require(inputs.size() == graph.inputs().size(), "{} inputs given, the network has {}",
          inputs.size(), graph.inputs().size());
  std::vector<at::Tensor> values = program.constants;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ValueId id = graph.inputs()[i];
    check_input(graph.value(id), inputs[i]);
    values[id.index] = to_torch(inputs[i]);
  }
  return values;
}

void Plan::Impl::run(const Step& step, std::vector<at::Tensor>& values, const Tap& tap) const {
  std::vector<at::Tensor> inputs(step.inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (step.inputs[i] >= 0) inputs[i] = values[step.inputs[i]];
  }
  // Before the step runs, so that it sees which of its inputs are its own to overwrite.
  for (const std::int32_t value : step.last_uses) values[value].reset();

  std::vector<at::Tensor> results = run_step(step, std::move(inputs));
  for (std::size_t i = 0; i < results.size() && i < step.outputs.size(); ++i) {
    if (step.outputs[i] < 0) continue;
    values[step.outputs[i]] = results[i];
  }
  for (const ValueId value : step.taps) {
    if (tap) tap(value, view(values[value.index]));
  }
}

Plan::Plan(const Graph& graph, const PlanOptions& options) {
  keep_freed_memory();
  use_calling_thread_only();
  const c10::InferenceMode no_gradients;
  impl_ = std::make_unique<Impl>(Impl{.graph = graph, .program = {}});
  infer_shapes(impl_->graph);  // A pass may have left values without one.
  impl_->bytes_per_sample = quern::bytes_per_sample(impl_->graph);
  impl_->program = compile(impl_->graph, options);
}

std::int64_t Plan::bytes_per_sample() const { return impl_->bytes_per_sample; }

Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;

std::vector<Tensor> Plan::run(const std::vector<Tensor>& inputs, const Tap& tap) const {
  use_calling_thread_only();
  const c10::InferenceMode no_gradients;
  std::vector<at::Tensor> values = impl_->load(inputs);
  if (tap) {
    for (const ValueId value : impl_->program.shown_before) {
      tap(value, view(values[value.index]));
    }
  }
  for (const Step& step : impl_->program.steps) impl_->run(step, values, tap);

  std::vector<Tensor> outputs;
  for (const ValueId output : impl_->graph.outputs()) {
    outputs.push_back(from_torch(values[output.index]));
  }
  return outputs;
}

}  // namespace quern
