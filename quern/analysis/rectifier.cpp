#include "quern/analysis/rectifier.h"

#include <cmath>

namespace quern {
namespace {

/// The only element of a constant float input.
std::optional<double> scalar(const Graph& graph, const Node& node, std::size_t index) {
  if (index >= node.inputs.size() || !graph.is_constant(node.inputs[index])) return std::nullopt;
  const Tensor& constant = *graph.value(node.inputs[index]).constant;
  if (constant.dtype() != DType::kFloat32 || constant.size() != 1) return std::nullopt;
  return constant.data<float>()[0];
}

}  // namespace

std::optional<Rectifier> rectifier(const Graph& graph, const Node& node) {
  if (node.op == "Relu") return Rectifier{};
  if (node.op != "Clip" || scalar(graph, node, 1) != 0.0) return std::nullopt;
  if (node.inputs.size() < 3 || !node.inputs[2]) return Rectifier{};
  const std::optional<double> upper = scalar(graph, node, 2);
  if (!upper || !(*upper > 0)) return std::nullopt;
  return std::isfinite(*upper) ? Rectifier{upper} : Rectifier{};
}

}  // namespace quern
