#include "quern/lower/integer_weights.h"

#include <algorithm>
#include <cmath>

#include "quern/analysis/dataflow.h"
#include "quern/lower/refusal.h"
#include "quern/quantizers/fake_quant.h"

namespace quern {
namespace {

constexpr int kMostBits = 8;

/// Codes less their zero point of values on a grid.
std::int32_t steps(float value, float scale) {
  return static_cast<std::int32_t>(std::lround(double{value} / double{scale}));
}

void check_grid(const Graph& graph, const Node& node, const Quantizer& grid,
                const QuantParams& params) {
  if (grid.spec.bits > kMostBits) {
    refuse(node, fmt::format("weights of {} bits", grid.spec.bits), "at most 8 bits can be stored");
  }
  if (params.scale.size() > 1 && grid.spec.channel_axis != weight_channel_axis(graph, node)) {
    refuse(node, fmt::format("weights with a scale along axis {}", grid.spec.channel_axis),
           "a scale per output channel can be lowered");
  }
}

}  // namespace

std::int32_t IntegerWeights::stored_bits() const {
  if (spec.is_bipolar()) return 1;
  return spec.bits <= 2 ? 2 : spec.bits <= 4 ? 4 : 8;
}

IntegerWeights integer_weights(
    const Graph& graph, const Node& node, std::int32_t channels, std::int32_t depth,
    const std::function<std::int64_t(std::int32_t o, std::int32_t k)>& position) {
  const Node* quant = node.inputs.size() > 1 ? graph.quant_of(node.inputs[1]) : nullptr;
  if (quant == nullptr || !graph.is_constant(quant->inputs[0])) {
    refuse(node, "a weight that is on no grid", "a constant weight of 1 to 8 bits can be lowered");
  }
  const Quantizer& grid = graph.quantizer(quant->quantizer);
  const QuantParams params = graph.params(grid.id);
  check_grid(graph, node, grid, params);

  const Tensor& constant = *graph.value(quant->inputs[0]).constant;
  const Tensor rounded = fake_quant(constant, grid.spec, params);
  const auto floats = constant.data<float>();
  const auto on_grid = rounded.data<float>();
  IntegerWeights weights{
      .channels = channels, .depth = depth, .scale = params.scale, .spec = grid.spec};
  for (std::int32_t o = 0; o < channels; ++o) {
    const float scale = params.scale[params.scale.size() == 1 ? 0 : static_cast<std::size_t>(o)];
    for (std::int32_t k = 0; k < depth; ++k) {
      const auto at = static_cast<std::size_t>(position(o, k));
      weights.codes.push_back(steps(on_grid[at], scale));
      weights.values.push_back(floats[at]);
    }
  }
  return weights;
}

IntegerWeights folded(const IntegerWeights& weights, const std::vector<double>& factor) {
  IntegerWeights result = weights;
  result.spec.is_signed = true;  // Factors have either sign, and there is no zero point.
  float most = 0;
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const std::size_t channel = i / static_cast<std::size_t>(weights.depth);
    result.values[i] = static_cast<float>(double{weights.values[i]} * factor[channel]);
    most = std::max(most, std::fabs(result.values[i]));
  }
  if (most == 0) most = 1;
  const float scale = most / static_cast<float>(result.spec.threshold_code());
  result.scale = {scale};
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    result.codes[i] = steps(fake_quant(result.values[i], result.spec, scale), scale);
  }
  return result;
}

}  // namespace quern
