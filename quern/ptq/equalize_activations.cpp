#include "quern/ptq/equalize_activations.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "quern/analysis/dataflow.h"
#include "quern/base/error.h"
#include "quern/ops/op_def.h"
#include "quern/ptq/internal/channel_maxima.h"
#include "quern/ptq/internal/equalization_regions.h"
#include "quern/ptq/internal/layer_channels.h"

namespace quern {
namespace {

using internal::EqualizationRegion;

constexpr double kAlpha = 0.5;
constexpr double kAlphaWithMul = 0.175;

/// A Mul by 1, for readers of `value` to read instead.
NodeId insert_mul(Graph& graph, ValueId value, const std::string& layer) {
  const Value read = graph.value(value);
  Shape shape(read.dims->size(), 1);
  shape[1] = (*read.dims)[1].size;
  const std::vector<float> ones(static_cast<std::size_t>(shape[1]), 1.0F);
  const ValueId factors = graph.add_constant(layer + ".factors", Tensor::of<float>(shape, ones));
  Node mul;
  mul.layer = layer;
  mul.op = "Mul";
  mul.inputs = {value, factors};
  mul.outputs = {graph.add_value(layer + ".out", read.dtype, read.dims)};
  return graph.add_node(std::move(mul));
}

bool has_channels(const Graph& graph, ValueId value) {
  const auto& dims = graph.value(value).dims;
  return dims && (dims->size() == 2 || dims->size() == 4) && (*dims)[1].is_fixed() &&
         graph.value(value).dtype == DType::kFloat32;
}

bool is_factor(const Graph& graph, const Node& node) {
  return node.op == "Mul" && internal::has_output_factors(graph, node);
}

/// Behind every activation that does not scale with its input.
std::vector<NodeId> add_muls_behind_activations(Graph& graph) {
  std::vector<NodeId> muls;
  for (const NodeId id : graph.nodes()) {
    const Node node = graph.node(id);
    const ValueId output = node.outputs[0];
    if (quant_role(graph, node) != QuantRole::kActivation || is_readout(graph, node)) continue;
    if (internal::is_scale_invariant(graph, node) || !has_channels(graph, output)) continue;
    if (graph.is_output(output)) continue;
    const bool has_one = std::ranges::all_of(graph.uses(output), [&](const Graph::Use& use) {
      return is_factor(graph, graph.node(use.node));
    });
    if (has_one) continue;
    muls.push_back(insert_mul(graph, output, node.layer + ".mul"));
    graph.replace_uses(output, graph.node(muls.back()).outputs[0], {muls.back()});
  }
  return muls;
}

/// In front of every layer that has none of its own.
std::vector<NodeId> add_muls_in_front_of_layers(Graph& graph) {
  std::vector<NodeId> muls;
  for (const NodeId id : graph.nodes()) {
    const Node node = graph.node(id);
    if (!internal::has_input_factors(graph, node)) continue;
    const ValueId input = node.inputs[0];
    if (!has_channels(graph, input) || graph.is_constant(input)) continue;
    const Node* producer = graph.producer(input);
    if (producer != nullptr && is_factor(graph, *producer) && graph.use_count(input) == 1) continue;
    muls.push_back(insert_mul(graph, input, node.layer + ".input_mul"));
    graph.set_input(id, 0, graph.node(muls.back()).outputs[0]);
  }
  return muls;
}

bool is_dead(float activation, float weight) {
  return activation < internal::kLeastRange || weight < internal::kLeastRange;
}

/// S of one channel.
float factor(float activation, float weight, double alpha) {
  if (is_dead(activation, weight)) return 1;
  const auto found =
      static_cast<float>(std::pow(weight, 1 - alpha) / std::pow(double{activation}, alpha));
  return std::isnormal(found) ? found : 1;
}

/// @param maxima  Per sink of the region.
std::vector<float> factors_of(const Graph& graph, const EqualizationRegion& region,
                              std::span<const std::vector<float>> maxima, double alpha,
                              PtqReport& report) {
  std::vector<float> activations(region.factors, 0.0F);
  std::vector<float> weights(region.factors, 0.0F);
  for (std::size_t i = 0; i < region.sinks.size(); ++i) {
    const internal::ChannelUse& sink = region.sinks[i];
    internal::raise(sink, maxima[i], activations);
    internal::raise(sink, internal::input_ranges(graph, graph.node(sink.node)), weights);
  }
  std::vector<float> factors(region.factors);
  std::size_t dead = 0;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    dead += is_dead(activations[i], weights[i]) ? 1 : 0;
    factors[i] = factor(activations[i], weights[i], alpha);
  }
  internal::note_dead_channels(graph, region, dead, "equalize_activations", report.notes);
  return factors;
}

/// Takes out those that multiply by 1 only.
void bypass_ones(Graph& graph, const std::vector<NodeId>& muls) {
  for (const NodeId mul : muls) {
    const auto factors = graph.constant_behind(graph.node(mul).inputs[1])->data<float>();
    if (std::ranges::all_of(factors, [](float factor) { return factor == 1; })) graph.bypass(mul);
  }
  graph.erase_dead();
}

}  // namespace

PtqReport equalize_activations(Graph& graph, const CalibrationData& data,
                               const EqualizeActivationsOptions& options) {
  const bool has_muls = options.add_mul || options.layerwise;
  const double alpha = options.alpha.value_or(has_muls ? kAlphaWithMul : kAlpha);
  require(alpha >= 0 && alpha <= 1, "equalize_activations: alpha must be 0 to 1, got {}", alpha);

  Graph equalized = graph;
  std::vector<NodeId> muls;
  if (options.layerwise) {
    muls = add_muls_in_front_of_layers(equalized);
  } else if (options.add_mul) {
    muls = add_muls_behind_activations(equalized);
  }
  const auto regions = internal::equalization_regions(equalized, /*through_clips=*/false);
  PtqReport report;
  report.notes = internal::describe_obstacles(equalized, regions, "equalize_activations");
  std::vector<EqualizationRegion> free;
  std::vector<ValueId> inputs;
  for (const EqualizationRegion& region : regions) {
    if (!region.obstacle.empty()) continue;
    free.push_back(region);
    for (const internal::ChannelUse& sink : region.sinks) inputs.push_back(sink.value);
  }
  if (free.empty()) return report;
  const auto maxima = internal::channel_maxima(equalized, inputs, data, "equalize_activations");

  // Of all regions before any is scaled: a layer may be a sink of one and a source of another.
  std::vector<std::vector<float>> factors;
  std::span<const std::vector<float>> left = maxima;
  for (const EqualizationRegion& region : free) {
    factors.push_back(
        factors_of(equalized, region, left.first(region.sinks.size()), alpha, report));
    left = left.subspan(region.sinks.size());
    report.layers += static_cast<int>(region.sinks.size());
  }
  for (std::size_t i = 0; i < free.size(); ++i) {
    internal::scale_region(equalized, free[i], factors[i]);
  }
  bypass_ones(equalized, muls);
  verify(equalized);
  graph = std::move(equalized);
  return report;
}

}  // namespace quern
