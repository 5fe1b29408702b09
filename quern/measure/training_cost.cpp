#include "quern/measure/training_cost.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/Allocator.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "quern/base/error.h"
#include "quern/base/random.h"
#include "quern/executor/internal/memory.h"
#include "quern/executor/internal/parameter_store.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/executor/internal/training_plan.h"
#include "quern/passes/learn_scales.h"
#include "quern/passes/place_quantizers.h"

namespace quern {
namespace {

/// Numbers of the batch lie within ±.
constexpr float kLargestInput = 2;

constexpr int kWarmUp = 2;

/// One of the forms: its graph and what computes it.
struct Form {
  Graph graph;
  TrainingOperators operators;
};

/// The network at some bits, with the scale of its input known and all others to be learned.
Graph quantized(Graph graph, int bits) {
  QuantizeRequest request{.weight_bits = bits, .activation_bits = bits};
  constexpr int kEnds = 8;
  request.rules = {{.op = "Input", .spec = {.activation_bits = kEnds}},
                   {.last = true, .spec = {.weight_bits = kEnds, .activation_bits = kEnds}}};
  place_quantizers(graph, request);
  for (const Graph::Use& use : graph.uses(graph.inputs()[0])) {
    const Node& reader = graph.node(use.node);
    if (reader.op != "Quant") continue;
    const Quantizer& entry = graph.quantizer(reader.quantizer);
    graph.scale(entry.scale).values = {kLargestInput /
                                       static_cast<float>(entry.spec.threshold_code())};
  }
  learn_scales(graph);
  return graph;
}

/// The shape of a batch. @throws Error(kInvalidArgument) unless the network has one input that
/// says.
Shape batch_shape(const Graph& graph, std::int64_t batch) {
  require(graph.inputs().size() == 1, "the network has {} inputs, expected 1",
          graph.inputs().size());
  const Value& input = graph.value(graph.inputs()[0]);
  require(input.dims && input.dims->size() == 4 && input.dtype == DType::kFloat32,
          "the input '{}' is {} {}, expected float32 [N, C, H, W]", input.name, name(input.dtype),
          input.dims ? to_string(*input.dims) : "of any shape");
  Shape shape = {batch};
  for (std::size_t i = 1; i < 4; ++i) {
    const Dim& dim = (*input.dims)[i];
    require(dim.is_fixed(), "the input '{}' is {}, expected known C, H and W", input.name,
            to_string(*input.dims));
    shape.push_back(dim.size);
  }
  return shape;
}

at::Tensor random_batch(const Shape& shape) {
  Random random(/*seed=*/0);
  Tensor numbers(DType::kFloat32, shape);
  for (float& x : numbers.mutable_data<float>()) {
    x = static_cast<float>(random.uniform(-kLargestInput, kLargestInput));
  }
  return to_torch(numbers);
}

/// A network in training: SGD with momentum, cross entropy.
class Trainee {
 public:
  Trainee(const Form& form, const TrainingCostOptions& options)
      : store_(form.graph),
        plan_(form.graph, store_, {.operators = form.operators, .threads = options.threads}),
        batch_(random_batch(batch_shape(form.graph, options.batch))) {
    for (const Parameter& parameter : store_.parameters()) {
      if (!parameter.is_learned()) continue;
      learned_.push_back(parameter.tensor);
      velocity_.push_back(at::zeros_like(parameter.tensor));
    }
  }

  void step(bool is_first = false) {
    const auto outputs = plan_.run({batch_}, {.scales_from_statistics = is_first});
    const at::Tensor logits = outputs[0].flatten(1);
    const at::Tensor labels = at::arange(logits.size(0), at::kLong).remainder(logits.size(1));
    torch::autograd::backward({at::cross_entropy_loss(logits, labels)}, {});
    const at::NoGradGuard no_gradients;
    constexpr double kRate = 1e-4;
    constexpr double kMomentum = 0.9;
    for (std::size_t i = 0; i < learned_.size(); ++i) {
      if (!learned_[i].grad().defined()) continue;
      velocity_[i].mul_(kMomentum).add_(learned_[i].grad());
      learned_[i].sub_(velocity_[i], kRate);
      learned_[i].mutable_grad().reset();
    }
  }

 private:
  ParameterStore store_;
  TrainingPlan plan_;
  at::Tensor batch_;
  std::vector<at::Tensor> learned_;
  std::vector<at::Tensor> velocity_;
};

/// Counts what LibTorch's allocator gives out on this thread.
class PeakCounter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t,
                         c10::Device) override {
    in_use_ += bytes;
    peak_ = std::max(peak_, in_use_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  std::int64_t peak() const { return peak_; }

 private:
  std::int64_t in_use_ = 0;
  std::int64_t peak_ = 0;
};

std::int64_t peak_bytes(const Form& form, const TrainingCostOptions& options) {
  const auto counter = std::make_shared<PeakCounter>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, counter);
  Trainee trainee(form, options);
  trainee.step(/*is_first=*/true);
  trainee.step();
  return counter->peak();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// Milliseconds that a step of each takes.
std::vector<double> measure(const std::vector<Form>& forms, const TrainingCostOptions& options) {
  std::vector<std::unique_ptr<Trainee>> trainees;
  for (const Form& form : forms) trainees.push_back(std::make_unique<Trainee>(form, options));
  std::vector<std::vector<double>> times(forms.size());
  for (int round = 0; round < kWarmUp + options.repetitions; ++round) {
    for (std::size_t i = 0; i < forms.size(); ++i) {
      const auto start = std::chrono::steady_clock::now();
      trainees[i]->step(/*is_first=*/round == 0);
      const std::chrono::duration<double, std::milli> taken =
          std::chrono::steady_clock::now() - start;
      if (round >= kWarmUp) times[i].push_back(taken.count());
    }
  }
  std::vector<double> medians;
  for (const auto& own : times) medians.push_back(median(own));
  return medians;
}

}  // namespace

TrainingCost training_cost(const Graph& graph, const TrainingCostOptions& options) {
  require(options.batch >= 1, "a batch of {} pictures, expected at least 1", options.batch);
  require(options.repetitions >= 1, "{} repetitions, expected at least 1", options.repetitions);
  batch_shape(graph, options.batch);  // Before anything else is asked of the network.
  const std::vector<Form> forms = {{graph, TrainingOperators::kFused},
                                   {quantized(graph, options.bits), TrainingOperators::kFused},
                                   {graph, TrainingOperators::kPlain}};
  keep_freed_memory();
  std::vector<StepCost> costs;
  for (const Form& form : forms) costs.push_back({.peak_bytes = peak_bytes(form, options)});
  const std::vector<double> times = measure(forms, options);
  for (std::size_t i = 0; i < costs.size(); ++i) {
    costs[i].ms = times[i] / static_cast<double>(options.batch);
  }
  return {costs[0], costs[1], costs[2]};
}

}  // namespace quern
