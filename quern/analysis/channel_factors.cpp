#include "quern/analysis/channel_factors.h"

#include <algorithm>

namespace quern {

bool has_channel_factors(const Graph& graph, const Node& node) {
  if (node.op != "Mul" || graph.is_constant(node.inputs[0])) return false;
  const auto& dims = graph.value(node.inputs[0]).dims;
  if (!graph.is_constant(node.inputs[1]) || !dims || dims->size() < 2) return false;
  const Tensor& factors = *graph.value(node.inputs[1]).constant;
  if (factors.dtype() != DType::kFloat32 || factors.rank() > dims->size()) return false;
  // Broadcasting aligns the last axes.
  const std::size_t behind = dims->size() - 2;
  if (factors.rank() <= behind || factors.size() != (*dims)[1].size) return false;
  if (factors.shape()[factors.rank() - 1 - behind] != (*dims)[1].size) return false;
  return std::ranges::all_of(factors.data<float>(), [](float factor) { return factor > 0; });
}

}  // namespace quern
