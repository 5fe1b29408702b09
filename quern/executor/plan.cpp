#include "quern/executor/plan.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <type_traits>

#include "quern/analysis/sizes.h"
#include "quern/executor/internal/memory.h"
#include "quern/executor/internal/program.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

void check_input(const Value& wanted, DType dtype, const Shape& shape) {
  const auto check = [&](bool condition) {
    require(condition, "input '{}' is {} {}, expected {} {}", wanted.name, name(dtype),
            to_string(shape), name(wanted.dtype),
            wanted.dims ? to_string(*wanted.dims) : "of any shape");
  };
  check(dtype == wanted.dtype);
  if (!wanted.dims) return;
  check(shape.size() == wanted.dims->size());
  for (std::size_t i = 1; i < shape.size(); ++i) {
    const Dim& dim = (*wanted.dims)[i];
    check(!dim.is_fixed() || dim.size == shape[i]);
  }
}

DType dtype_of(const Tensor& tensor) { return tensor.dtype(); }
DType dtype_of(const TensorView&) { return DType::kFloat32; }
const Shape& shape_of(const Tensor& tensor) { return tensor.shape(); }
const Shape& shape_of(const TensorView& view) { return view.shape; }

/// What an exact sum takes, in floats: itself, and doubles before and behind its scales.
constexpr std::int64_t kExactSumsInFloats = 5;

}  // namespace

void compute_on_calling_thread() {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

struct Plan::Impl {
  Graph graph;
  Program program;
  std::int64_t bytes_per_sample = 0;

  /// All values after a run; those that nobody needs any more are undefined.
  template <class Input>
  std::vector<at::Tensor> run(const std::vector<Input>& inputs, const Tap& tap) const;
  template <class Input>
  std::vector<at::Tensor> load(const std::vector<Input>& inputs) const;
  void run(const Step& step, std::vector<at::Tensor>& values, const Tap& tap) const;
};

template <class Input>
std::vector<at::Tensor> Plan::Impl::load(const std::vector<Input>& inputs) const {
  require(inputs.size() == graph.inputs().size(), "{} inputs given, the network has {}",
          inputs.size(), graph.inputs().size());
  std::vector<at::Tensor> values = program.constants;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ValueId id = graph.inputs()[i];
    check_input(graph.value(id), dtype_of(inputs[i]), shape_of(inputs[i]));
    values[id.index] = to_torch(inputs[i]);
  }
  return values;
}

void Plan::Impl::run(const Step& step, std::vector<at::Tensor>& values, const Tap& tap) const {
  advance(step, values);
  for (const ValueId value : step.taps) {
    if (tap) tap(value, view(values[value.index]));
  }
}

Plan::Plan(const Graph& graph, const PlanOptions& options) {
  keep_freed_memory();
  compute_on_calling_thread();
  const c10::InferenceMode no_gradients;
  impl_ = std::make_unique<Impl>(Impl{.graph = graph, .program = {}});
  infer_shapes(impl_->graph);  // A pass may have left values without one.
  impl_->bytes_per_sample = quern::bytes_per_sample(impl_->graph);
  if (options.sums == SumMode::kExact) impl_->bytes_per_sample *= kExactSumsInFloats;
  impl_->program = compile(impl_->graph, options);
}

std::int64_t Plan::bytes_per_sample() const { return impl_->bytes_per_sample; }

Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;

template <class Input>
std::vector<at::Tensor> Plan::Impl::run(const std::vector<Input>& inputs, const Tap& tap) const {
  std::vector<at::Tensor> values = load(inputs);
  // What is read as it lies has a second owner: no step takes its memory for its own.
  std::vector<at::Tensor> borrowed;
  if constexpr (std::is_same_v<Input, TensorView>) {
    for (const ValueId input : graph.inputs()) borrowed.push_back(values[input.index]);
  }
  if (tap) {
    for (const ValueId value : program.shown_before) tap(value, view(values[value.index]));
  }
  for (const Step& step : program.steps) run(step, values, tap);
  return values;
}

void Plan::run(const std::vector<TensorView>& inputs, const Tap& tap) const {
  compute_on_calling_thread();
  const c10::InferenceMode no_gradients;
  impl_->run(inputs, tap);
}

std::vector<Tensor> Plan::run(const std::vector<Tensor>& inputs, const Tap& tap) const {
  compute_on_calling_thread();
  const c10::InferenceMode no_gradients;
  const std::vector<at::Tensor> values = impl_->run(inputs, tap);
  std::vector<Tensor> outputs;
  for (const ValueId output : impl_->graph.outputs()) {
    outputs.push_back(from_torch(values[output.index]));
  }
  return outputs;
}

}  // namespace quern
