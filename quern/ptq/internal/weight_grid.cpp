#include "quern/ptq/internal/weight_grid.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/round.h>

#include <algorithm>

namespace quern::internal {

std::optional<WeightGrid> WeightGrid::of(const Graph& graph, const WeightedLayer& layer) {
  if (!layer.grid) return std::nullopt;
  const Quantizer& entry = graph.quantizer(layer.grid);
  const bool has_zero_point =
      std::ranges::any_of(entry.zero_point, [](std::int32_t z) { return z != 0; });
  if (entry.spec.is_bipolar() || has_zero_point || graph.scale(entry.scale).values.empty()) {
    return std::nullopt;
  }
  std::vector<float> scales = graph.scale(entry.scale).values;
  const auto channels = static_cast<std::size_t>(layer.groups * layer.outputs);
  if (scales.size() == 1) scales.assign(channels, scales[0]);
  WeightGrid grid;
  grid.scale_ = at::from_blob(scales.data(), {layer.groups, layer.outputs}, at::kFloat).clone();
  grid.qmin_ = static_cast<double>(entry.spec.qmin());
  grid.qmax_ = static_cast<double>(entry.spec.qmax());
  return grid;
}

at::Tensor WeightGrid::round(const at::Tensor& weights) const {
  const at::Tensor scale = weights.dim() == 3 ? scale_.unsqueeze(2) : scale_;
  return (weights.to(at::kFloat) / scale)
      .round_()
      .clamp_(qmin_, qmax_)
      .mul_(scale)
      .to(weights.scalar_type());
}

}  // namespace quern::internal
