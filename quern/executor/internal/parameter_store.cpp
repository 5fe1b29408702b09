#include "quern/executor/internal/parameter_store.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/executor/internal/torch_tensor.h"

namespace quern {
namespace {

/// What a scale is at least.
constexpr float kSmallestScale = 1e-10F;

/// The share of a batch in a running threshold.
constexpr float kStatisticMomentum = 0.1F;

constexpr std::array<std::pair<ParameterRole, std::string_view>, 9> kRoles = {
    {{ParameterRole::kWeight, "weight"},
     {ParameterRole::kBias, "bias"},
     {ParameterRole::kGamma, "gamma"},
     {ParameterRole::kBeta, "beta"},
     {ParameterRole::kRunningMean, "running_mean"},
     {ParameterRole::kRunningVariance, "running_variance"},
     {ParameterRole::kWeightScale, "weight_scale"},
     {ParameterRole::kActivationScale, "activation_scale"},
     {ParameterRole::kStatistic, "statistic"}}};

bool is_measured(ParameterRole role) {
  return role == ParameterRole::kRunningMean || role == ParameterRole::kRunningVariance ||
         role == ParameterRole::kStatistic;
}

/// All axes of a weight but that of its channels; all of them per tensor.
std::vector<std::int64_t> other_axes(const at::Tensor& weight, const QuantSpec& spec) {
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = 0; axis < weight.dim(); ++axis) {
    const bool is_channel =
        spec.granularity == Granularity::kPerChannel && axis == spec.channel_axis;
    if (!is_channel) axes.push_back(axis);
  }
  return axes;
}

/// The scale that puts the largest magnitude on the last code.
at::Tensor min_max_scale(const at::Tensor& weight, const QuantSpec& spec) {
  const at::Tensor largest = at::amax(at::abs(weight.detach()), other_axes(weight, spec));
  const auto code = static_cast<double>(spec.threshold_code());
  return (largest / code).clamp_min(kSmallestScale).reshape({-1});
}

/// Where the learned step of a weight starts.
at::Tensor lsq_scale(const at::Tensor& weight, const QuantSpec& spec) {
  const at::Tensor mean = at::mean(at::abs(weight.detach()), other_axes(weight, spec));
  const double factor = 2 / std::sqrt(static_cast<double>(spec.qmax()));
  return (mean * factor).clamp_min(kSmallestScale).reshape({-1});
}

/// What a checkpoint says of a grid, so that one of other bits is noticed.
Tensor description(const Quantizer& entry) {
  const QuantSpec& spec = entry.spec;
  return Tensor::of<std::int32_t>(
      {5}, std::vector<std::int32_t>{spec.bits, static_cast<std::int32_t>(spec.is_signed),
                                     static_cast<std::int32_t>(spec.narrow_range),
                                     static_cast<std::int32_t>(spec.granularity),
                                     static_cast<std::int32_t>(entry.kind)});
}

/// "signed 4 bits of kind lsq", of a description.
std::string words(const Tensor& description) {
  const auto data = description.data<std::int32_t>();
  const bool is_kind = data[4] >= 0 && data[4] <= static_cast<std::int32_t>(QuantizerKind::kPact);
  return fmt::format("{} {} bits{}{} of kind {}", data[1] != 0 ? "signed" : "unsigned", data[0],
                     data[2] != 0 ? " narrow" : "", data[3] != 0 ? " per channel" : "",
                     is_kind ? name(static_cast<QuantizerKind>(data[4])) : "unknown");
}

}  // namespace

std::string_view name(ParameterRole role) {
  for (const auto& [value, name] : kRoles) {
    if (value == role) return name;
  }
  fail(ErrorCode::kInternal, "parameter role {} has no name", static_cast<int>(role));
}

// --- building -----------------------------------------------------------------------------------

ParameterStore::ParameterStore(const Graph& graph) : graph_(graph) {
  for (const NodeId id : graph_.nodes()) {
    const Node& node = graph_.node(id);
    if (node.op == "BatchNormalization") {
      add_constant(node, 1, ParameterRole::kGamma);
      add_constant(node, 2, ParameterRole::kBeta);
      add_constant(node, 3, ParameterRole::kRunningMean);
      add_constant(node, 4, ParameterRole::kRunningVariance);
    }
    if (node.op == "PRelu") add_constant(node, 1, ParameterRole::kWeight);
    if (has_weight(graph_, node)) add_layer(node);
  }
  // Behind the weights, from which some scales start.
  for (const NodeId id : graph_.nodes_of("Quant")) add_scale(graph_.node(id));
}

std::size_t ParameterStore::add(std::string name, const std::string& layer, ParameterRole role,
                                at::Tensor tensor) {
  name = names_.add(name, parameters_.size());
  parameters_.push_back({std::move(name), layer, role, std::move(tensor)});
  return parameters_.size() - 1;
}

void ParameterStore::add_constant(const Node& node, std::size_t input, ParameterRole role) {
  if (input >= node.inputs.size() || !node.inputs[input]) return;
  const Node* quant = graph_.quant_of(node.inputs[input]);
  const ValueId value = quant != nullptr ? quant->inputs.at(0) : node.inputs[input];
  if (!graph_.is_constant(value) || values_.contains(value)) return;
  const Tensor& constant = *graph_.value(value).constant;
  if (constant.dtype() != DType::kFloat32) {
    fail(ErrorCode::kUnsupported, "layer '{}': its {} is {}, expected float32", node.layer,
         name(role), name(constant.dtype()));
  }
  const at::Tensor tensor = to_torch(constant);
  values_[value] = add(fmt::format("{}.{}", node.layer, name(role)), node.layer, role,
                       tensor.requires_grad_(!is_measured(role)));
}

void ParameterStore::add_layer(const Node& node) {
  add_constant(node, 1, ParameterRole::kWeight);
  add_constant(node, 2, ParameterRole::kBias);
  // Other formats spell a bias as an Add of its own.
  for (const Graph::Use& use : graph_.uses(node.outputs[0])) {
    const Node& reader = graph_.node(use.node);
    if (reader.op == "Add") add_constant(reader, 1 - use.input, ParameterRole::kBias);
  }
}

at::Tensor ParameterStore::initial_scale(const Node& quant, const LearnedScale& learned) const {
  const Quantizer& entry = graph_.quantizer(quant.quantizer);
  const std::vector<float>& known = graph_.scale(entry.scale).values;
  at::Tensor scale = at::zeros({1});
  if (!known.empty()) {
    scale = at::tensor(known, at::kFloat);
  } else if (const at::Tensor* weight = value(quant.inputs[0])) {
    scale = learned.kind == QuantizerKind::kLsq ? lsq_scale(*weight, entry.spec)
                                                : min_max_scale(*weight, entry.spec);
  }
  return scale * static_cast<double>(learned.code);
}

void ParameterStore::add_scale(const Node& quant) {
  const Quantizer& entry = graph_.quantizer(quant.quantizer);
  if (!is_trainable(entry.kind)) return;
  const bool is_weight = graph_.is_constant(quant.inputs[0]);
  const auto [place, is_new] = scales_.try_emplace(entry.scale);
  LearnedScale& learned = place->second;
  const bool is_known = std::ranges::find(learned.quantizers, entry.id) != learned.quantizers.end();
  if (!is_known) learned.quantizers.push_back(entry.id);
  require(is_new || (learned.kind == entry.kind && learned.is_weight == is_weight),
          "quantizer '{}' is {} and shares its scale with '{}', which is {}", entry.name,
          name(entry.kind), graph_.quantizer(learned.quantizers[0]).name, name(learned.kind));
  if (!is_weight && !is_known) {
    statistics_[entry.id] =
        add(entry.name + ".statistic", quant.layer, ParameterRole::kStatistic, at::zeros({1}));
  }
  if (is_weight && entry.kind == QuantizerKind::kMinMax) {
    learned.weights.emplace_back(quant.inputs[0], entry.id);
  }
  if (!is_new) return;
  learned.kind = entry.kind;
  learned.is_weight = is_weight;
  learned.name = graph_.scale(entry.scale).name;
  if (learned.is_computed()) return;
  if (entry.kind == QuantizerKind::kPact) learned.code = entry.spec.threshold_code();
  const at::Tensor tensor = initial_scale(quant, learned);
  learned.parameter = add(learned.name, quant.layer,
                          is_weight ? ParameterRole::kWeightScale : ParameterRole::kActivationScale,
                          tensor.requires_grad_(entry.kind != QuantizerKind::kMinMax));
}

// --- reading and changing -----------------------------------------------------------------------

const Parameter* ParameterStore::find(std::string_view name) const {
  const auto position = names_.find(name);
  return position ? &parameters_[*position] : nullptr;
}

const at::Tensor* ParameterStore::value(ValueId constant) const {
  const auto found = values_.find(constant);
  return found == values_.end() ? nullptr : &parameters_[found->second].tensor;
}

at::Tensor ParameterStore::scale(QuantizerId quantizer) const {
  const LearnedScale& learned = scales_.at(graph_.quantizer(quantizer).scale);
  const at::Tensor& tensor = parameters_.at(learned.parameter).tensor;
  return learned.code == 1 ? tensor : tensor / static_cast<double>(learned.code);
}

at::Tensor ParameterStore::current_scale(QuantizerId quantizer) const {
  const Quantizer& entry = graph_.quantizer(quantizer);
  if (entry.kind == QuantizerKind::kDerived) {
    return current_scale(entry.factors[0]) * current_scale(entry.factors[1]);
  }
  const auto found = scales_.find(entry.scale);
  if (found == scales_.end()) return at::tensor(graph_.params(quantizer).scale, at::kFloat);
  const LearnedScale& learned = found->second;
  if (!learned.is_computed()) return scale(quantizer).detach();
  return computed_scale(learned);
}

/// The largest that any of the weights needs.
at::Tensor ParameterStore::computed_scale(const LearnedScale& learned) const {
  at::Tensor largest;
  for (const auto& [weight, quantizer] : learned.weights) {
    const at::Tensor scale = min_max_scale(*value(weight), graph_.quantizer(quantizer).spec);
    largest = largest.defined() ? at::maximum(largest, scale) : scale;
  }
  return largest;
}

float ParameterStore::observe(QuantizerId quantizer, float threshold) {
  const LearnedScale& learned = scales_.at(graph_.quantizer(quantizer).scale);
  const auto statistic = [&](QuantizerId id) -> float& {
    return *parameters_[statistics_.at(id)].tensor.mutable_data_ptr<float>();
  };
  float& own = statistic(quantizer);
  own = own == 0 ? threshold : own + kStatisticMomentum * (threshold - own);
  float scale = kSmallestScale;
  for (const QuantizerId id : learned.quantizers) {
    const auto code = static_cast<float>(graph_.quantizer(id).spec.threshold_code());
    scale = std::max(scale, statistic(id) / code);
  }
  // Not through autograd: an earlier pass of this step may have kept the scale it rounded with.
  parameters_[learned.parameter].tensor.data().fill_(scale * static_cast<float>(learned.code));
  return scale;
}

const Parameter* ParameterStore::keep_scales_positive() {
  for (const auto& [id, learned] : scales_) {
    if (learned.is_computed()) continue;
    at::Tensor values = parameters_[learned.parameter].tensor.data();
    // A 0 says that the scale is not known.
    const float least = kSmallestScale * static_cast<float>(learned.code);
    for (float* value = values.mutable_data_ptr<float>();
         value != values.mutable_data_ptr<float>() + values.numel(); ++value) {
      if (!std::isfinite(*value)) return &parameters_[learned.parameter];
      if (*value < 0) *value = least;
    }
  }
  return nullptr;
}

// --- graphs and checkpoints ---------------------------------------------------------------------

void ParameterStore::write_to(Graph& graph) const {
  for (const auto& [value, position] : values_) {
    const Parameter& parameter = parameters_[position];
    require(at::isfinite(parameter.tensor).all().item<bool>(),
            "'{}' holds a number that is not finite", parameter.name);
    const std::string& name = graph_.value(value).name;
    const std::optional<ValueId> place = graph.find_value(name);
    require(place.has_value(), "the network has no '{}' to write to", name);
    graph.set_constant(*place, from_torch(parameter.tensor));
  }
  std::map<std::string, ScaleId> places;
  for (const ScaleId id : graph.scales()) places[graph.scale(id).name] = id;
  for (const auto& [id, learned] : scales_) {
    const at::Tensor values = current_scale(learned.quantizers.front()).contiguous();
    const float* const first = values.const_data_ptr<float>();
    const std::vector<float> scale(first, first + values.numel());
    require(std::ranges::all_of(scale, [](float s) { return std::isfinite(s) && s > 0; }),
            "the scale '{}' is not known yet: calibrate, or take it from statistics first",
            learned.name);
    const auto place = places.find(learned.name);
    require(place != places.end(), "the network has no scale '{}' to write to", learned.name);
    graph.scale(place->second).values = scale;
  }
}

std::map<std::string, Tensor> ParameterStore::state() const {
  std::map<std::string, Tensor> state;
  for (const Parameter& parameter : parameters_) {
    state[parameter.name] = from_torch(parameter.tensor.detach());
  }
  for (const NodeId id : graph_.nodes_of("Quant")) {
    const Quantizer& entry = graph_.quantizer(graph_.node(id).quantizer);
    state[entry.name + ".grid"] = description(entry);
  }
  return state;
}

void ParameterStore::load(const std::map<std::string, Tensor>& state) {
  const std::map<std::string, Tensor> own = this->state();
  for (const auto& [name, tensor] : own) {
    const auto found = state.find(name);
    require(found != state.end(), "the state lacks '{}', which the network has", name);
    const Tensor& given = found->second;
    require(given.shape() == tensor.shape() && given.dtype() == tensor.dtype(),
            "the state's '{}' is {} {}, the network's is {} {}", name, quern::name(given.dtype()),
            to_string(given.shape()), quern::name(tensor.dtype()), to_string(tensor.shape()));
    if (!name.ends_with(".grid")) continue;
    require(given == tensor, "the state's '{}' is {}, the network's is {}", name, words(given),
            words(tensor));
  }
  for (const auto& [name, tensor] : state) {
    require(own.contains(name), "the state has '{}', which the network has not", name);
  }
  for (const Parameter& parameter : parameters_) {
    parameter.tensor.data().copy_(to_torch(state.at(parameter.name)));
  }
}

}  // namespace quern
