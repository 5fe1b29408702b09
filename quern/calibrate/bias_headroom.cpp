#include "quern/calibrate/bias_headroom.h"

#include <algorithm>
#include <cmath>

namespace quern {
namespace {

/// The smallest scale of a weight with which `bias` takes at most half of its grid.
float least_scale(double bias, double input_scale, const QuantSpec& bias_grid,
                  const QuantSpec& weight_grid) {
  const double half = static_cast<double>(bias_grid.qmax()) / 2;
  const double least = std::abs(bias) / (input_scale * half);
  if (!weight_grid.power_of_two || least == 0) return static_cast<float>(least);
  return static_cast<float>(std::exp2(std::ceil(std::log2(least))));
}

/// Whether a scale behind `quant`, a bias's, was raised.
bool give_headroom(Graph& graph, const Node& quant, const std::set<ScaleId>& raisable) {
  const Quantizer& grid = graph.quantizer(quant.quantizer);
  if (grid.kind != QuantizerKind::kDerived || !graph.is_constant(quant.inputs[0])) return false;
  const Quantizer& weight = graph.quantizer(grid.factors[1]);
  if (!raisable.contains(weight.scale)) return false;
  const double input_scale = graph.params(grid.factors[0]).scale.at(0);
  const std::vector<float> biases = to_vector<float>(*graph.value(quant.inputs[0]).constant);
  std::vector<float>& scales = graph.scale(weight.scale).values;
  bool is_raised = false;
  for (std::size_t i = 0; i < biases.size(); ++i) {
    float& scale = scales[scales.size() == 1 ? 0 : i];
    const float least = least_scale(biases[i], input_scale, grid.spec, weight.spec);
    is_raised = is_raised || scale < least;
    scale = std::max(scale, least);
  }
  return is_raised;
}

}  // namespace

std::vector<std::string> give_biases_headroom(Graph& graph, const std::set<ScaleId>& raisable) {
  std::vector<std::string> layers;
  for (const NodeId id : graph.nodes_of("Quant")) {
    const Node quant = graph.node(id);
    if (give_headroom(graph, quant, raisable)) layers.push_back(quant.layer);
  }
  return layers;
}

}  // namespace quern
