#include "quern/train/trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "quern/executor/internal/parameter_store.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/executor/internal/training_plan.h"
#include "quern/train/find_name.h"
#include "quern/train/internal/clip_gradients.h"
#include "quern/train/internal/loss.h"
#include "quern/train/internal/optimizer.h"
#include "quern/train/internal/weight_average.h"
#include "quern/train/schedule.h"

namespace quern {
namespace {

// What the names of a state begin with.
constexpr std::string_view kNetwork = "network/";
constexpr std::string_view kOptimizer = "optimizer/";
constexpr std::string_view kAverage = "average/";
constexpr const char* kSchedule = "schedule";
constexpr const char* kSteps = "steps";

bool is_scale(ParameterRole role) {
  return role == ParameterRole::kWeightScale || role == ParameterRole::kActivationScale;
}

/// Whether a learned scale is the threshold of PACT, which is decayed like a weight.
bool is_threshold(const Graph& graph, const std::string& scale) {
  for (const QuantizerId id : graph.quantizers()) {
    const Quantizer& entry = graph.quantizer(id);
    if (entry.kind == QuantizerKind::kPact && graph.scale(entry.scale).name == scale) return true;
  }
  return false;
}

double decay_of(const Parameter& parameter, const Graph& graph, const TrainRecipe& recipe) {
  if (is_scale(parameter.role)) {
    return is_threshold(graph, parameter.name) ? recipe.weight_decay : recipe.scale_decay;
  }
  return parameter.role == ParameterRole::kWeight ? recipe.weight_decay : recipe.batchnorm_decay;
}

std::vector<Learned> learned_of(const ParameterStore& store, const Graph& graph,
                                const TrainRecipe& recipe) {
  std::vector<Learned> learned;
  for (const Parameter& parameter : store.parameters()) {
    if (!parameter.is_learned()) continue;
    learned.push_back({.name = parameter.name,
                       .value = parameter.tensor,
                       .weight_decay = decay_of(parameter, graph, recipe),
                       .rate = is_scale(parameter.role) ? recipe.scale_rate : 1});
  }
  return learned;
}

std::map<std::string, at::Tensor> tensors_of(const ParameterStore& store) {
  std::map<std::string, at::Tensor> tensors;
  for (const Parameter& parameter : store.parameters()) {
    tensors[parameter.name] = parameter.tensor.detach();
  }
  return tensors;
}

std::int64_t outputs_of(const Graph& graph) {
  require(graph.inputs().size() == 1 && graph.outputs().size() == 1,
          "training takes a network of one input and one output, this one has {} and {}",
          graph.inputs().size(), graph.outputs().size());
  const Value& output = graph.value(graph.outputs()[0]);
  const bool is_row = output.dims && output.dims->size() == 2 && (*output.dims)[1].is_fixed();
  require(is_row, "the output '{}' is not a row of logits for each picture", output.name);
  return (*output.dims)[1].size;
}

bool is_finite(const at::Tensor& tensor) { return at::isfinite(tensor).all().item<bool>(); }

}  // namespace

struct Trainer::Impl {
  Graph graph;
  TrainerOptions options;
  std::int64_t outputs;
  ParameterStore store;
  TrainingPlan plan;
  std::unique_ptr<Loss> objective;
  std::unique_ptr<Schedule> schedule;
  std::vector<Learned> learned;
  std::unique_ptr<Optimizer> optimizer;
  std::optional<WeightAverage> average;
  std::optional<Plan> teacher;
  std::int64_t steps = 0;

  Impl(const Graph& network, const TrainerOptions& how)
      : graph(network),
        options(how),
        outputs(outputs_of(graph)),
        store(graph),
        plan(graph, store, {.threads = how.threads}),
        objective(find_name(losses(), how.loss, "a loss").make(how.train, outputs)),
        schedule(make_schedule(how.train)),
        learned(learned_of(store, graph, how.train)),
        optimizer(
            find_name(optimizers(), how.train.optimizer, "an optimizer").make(learned, how.train)) {
    if (how.train.average > 0) average.emplace(tensors_of(store), how.train.average);
  }

  double epoch() const {
    return static_cast<double>(steps) / static_cast<double>(options.steps_per_epoch);
  }
  TrainingMode mode() const;
  at::Tensor objective_of(const at::Tensor& logits, const at::Tensor& targets,
                          const at::Tensor& wanted) const;
  std::map<std::string, at::Tensor> live() const;
  [[noreturn]] void fail_not_finite(const std::string& what) const;
  [[noreturn]] void fail_gradient_not_finite() const;
};

TrainingMode Trainer::Impl::mode() const {
  const int normalized = options.train.batchnorm_epochs;
  return {.frozen_batch_norms = normalized > 0 && epoch() >= normalized,
          .scales_from_statistics = steps < options.statistics_steps};
}

/// @param wanted  The teacher's logits, if there is one.
at::Tensor Trainer::Impl::objective_of(const at::Tensor& logits, const at::Tensor& targets,
                                       const at::Tensor& wanted) const {
  const at::Tensor own = (*objective)(logits, targets);
  if (!wanted.defined()) return own;
  const double share = options.train.teacher_share;
  return (1 - share) * own + share * objective->distance(logits, wanted, options.train.temperature);
}

/// The tensors of a state but those of the network itself.
std::map<std::string, at::Tensor> Trainer::Impl::live() const {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, tensor] : optimizer->state()) {
    tensors[std::string(kOptimizer) + name] = tensor;
  }
  if (average) {
    for (const auto& [name, tensor] : average->averages()) {
      tensors[std::string(kAverage) + name] = tensor;
    }
  }
  return tensors;
}

void Trainer::Impl::fail_not_finite(const std::string& what) const {
  fail(ErrorCode::kInvalidArgument,
       "step {}: {} is not finite; a lower train.learning_rate than {} or a longer train.warm_up "
       "may help",
       steps, what, options.train.learning_rate);
}

void Trainer::Impl::fail_gradient_not_finite() const {
  for (const Learned& parameter : learned) {
    const at::Tensor& gradient = parameter.value.grad();
    if (!gradient.defined() || is_finite(gradient)) continue;
    fail(ErrorCode::kInvalidArgument, "step {}: the gradient of '{}' is not finite", steps,
         parameter.name);
  }
  fail(ErrorCode::kInvalidArgument, "step {}: the gradients are too large for float32", steps);
}

Trainer::Trainer(const Graph& graph, const TrainerOptions& options, const Graph* teacher)
    : impl_(std::make_unique<Impl>(graph, options)) {
  if (teacher == nullptr) return;
  require(outputs_of(*teacher) == impl_->outputs, "the teacher has {} outputs, the network has {}",
          outputs_of(*teacher), impl_->outputs);
  impl_->teacher.emplace(*teacher);
}

Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

Trainer::Step Trainer::step(const TensorView& images, const Tensor& targets) {
  Impl& own = *impl_;
  const at::Tensor inputs = to_torch(images);
  // First, since a Plan leaves LibTorch with one thread.
  at::Tensor wanted;
  if (own.teacher) wanted = to_torch(own.teacher->run({from_torch(inputs)}).at(0));
  const TrainingMode mode = own.mode();
  const at::Tensor logits = own.plan.run({inputs}, mode).at(0);
  const at::Tensor loss = own.objective_of(logits, to_torch(targets), wanted);
  if (!is_finite(loss.detach())) {
    check_finite(images);
    own.fail_not_finite("the loss");
  }
  torch::autograd::backward({loss}, {});
  const double most = own.options.train.clip_norm;
  const double norm =
      clip_gradients(own.learned, most > 0 ? most : std::numeric_limits<double>::infinity());
  if (!std::isfinite(norm)) own.fail_gradient_not_finite();
  const double rate = learning_rate();
  own.optimizer->step(rate);
  if (const Parameter* const ruined = own.store.keep_scales_positive()) {
    own.fail_not_finite(fmt::format("what it made of the scale '{}'", ruined->name));
  }
  if (own.average) own.average->update();
  own.steps += 1;
  return {.loss = loss.item<double>(), .learning_rate = rate, .gradient_norm = norm};
}

void Trainer::check_finite(const TensorView& images) {
  const auto layer = impl_->plan.first_not_finite({to_torch(images)}, impl_->mode());
  if (layer) impl_->fail_not_finite(fmt::format("the output of layer '{}'", *layer));
}

double Trainer::loss(const Tensor& logits, const Tensor& targets) const {
  const at::NoGradGuard no_gradients;
  return (*impl_->objective)(to_torch(logits), to_torch(targets)).item<double>();
}

void Trainer::end_epoch(double validation_loss) { impl_->schedule->end_epoch(validation_loss); }

std::int64_t Trainer::steps() const { return impl_->steps; }

double Trainer::learning_rate() const { return impl_->schedule->rate(impl_->epoch()); }

Graph Trainer::network() const {
  Graph graph = impl_->graph;
  if (!impl_->average) {
    impl_->store.write_to(graph);
    return graph;
  }
  ParameterStore averaged(impl_->graph);
  const at::NoGradGuard no_gradients;
  for (const Parameter& parameter : averaged.parameters()) {
    parameter.tensor.detach().copy_(impl_->average->averages().at(parameter.name));
  }
  averaged.write_to(graph);
  return graph;
}

std::map<std::string, Tensor> Trainer::state() const {
  std::map<std::string, Tensor> state;
  for (auto& [name, tensor] : impl_->store.state()) {
    state[std::string(kNetwork) + name] = tensor;
  }
  for (const auto& [name, tensor] : impl_->live()) state[name] = from_torch(tensor);
  const std::vector<double> schedule = impl_->schedule->state();
  state[kSchedule] = Tensor::of({static_cast<std::int64_t>(schedule.size())}, schedule);
  state[kSteps] = Tensor::scalar(impl_->steps);
  return state;
}

void Trainer::load(const std::map<std::string, Tensor>& state) {
  std::map<std::string, Tensor> network;
  std::map<std::string, Tensor> rest = state;
  for (const auto& [name, tensor] : state) {
    if (!name.starts_with(kNetwork)) continue;
    network[name.substr(kNetwork.size())] = tensor;
    rest.erase(name);
  }
  const auto take = [&](const std::string& name) {
    auto found = rest.extract(name);
    require(!found.empty(), "the state lacks '{}'", name);
    return found.mapped();
  };
  const auto numbers = [&](const char* name, DType dtype) {
    Tensor found = take(name);
    require(found.dtype() == dtype, "the state's '{}' is {}, expected {}", name,
            quern::name(found.dtype()), quern::name(dtype));
    return found;
  };
  const std::vector<double> schedule = to_vector<double>(numbers(kSchedule, DType::kFloat64));
  const std::vector<std::int64_t> taken = to_vector<std::int64_t>(numbers(kSteps, DType::kInt64));
  require(taken.size() == 1 && taken[0] >= 0, "the state's '{}' is no number of steps", kSteps);
  std::map<std::string, std::pair<at::Tensor, at::Tensor>> copies;
  for (const auto& [name, tensor] : impl_->live()) {
    copies[name] = {tensor, to_torch(take(name))};
    require(copies[name].second.sizes() == tensor.sizes(), "the state's '{}' has another shape",
            name);
  }
  require(rest.empty(), "the state has '{}', which this training does not have",
          rest.empty() ? "" : rest.begin()->first);
  impl_->store.load(network);
  impl_->schedule->restore(schedule);
  for (const auto& [name, copy] : copies) copy.first.detach().copy_(copy.second);
  impl_->steps = taken[0];
  if (impl_->average) impl_->average->set_steps(taken[0]);
}

}  // namespace quern
