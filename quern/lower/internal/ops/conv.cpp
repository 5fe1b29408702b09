// Conv: a weighted sum over a moving window.
#include "quern/lower/internal/catalog.h"
#include "quern/lower/internal/weighted_sum.h"
#include "quern/lower/internal/window.h"
#include "quern/ops/window_geometry.h"

namespace quern::internal {

void lower_conv(Lowering& lowering, const Node& node) {
  const Graph& graph = lowering.graph;
  const TensorIndex input = lowering.codes(node, 0);
  check_is_picture(lowering, node, input);
  const WindowGeometry geometry = window_geometry(graph, node);
  const Extents output = extents_of(graph, node.outputs[0]);
  const std::int64_t taps = geometry.kernel[0] * geometry.kernel[1];
  const std::int64_t inputs = lowering.extents(input).channels / geometry.groups;
  // The constant is [O, I, kernel height, kernel width], the kernels read the inputs innermost.
  const auto position = [=](std::int32_t o, std::int32_t k) {
    return (o * inputs + k % inputs) * taps + k / inputs;
  };
  IntegerWeights weights = integer_weights(graph, node, output.channels,
                                           static_cast<std::int32_t>(taps * inputs), position);
  std::vector<float> bias = {0};
  if (node.inputs.size() > 2 && node.inputs[2]) {
    bias = to_vector<float>(constant_of(graph, node.inputs[2]));
  }
  const WeightedSum::Shape shape{.input = input,
                                 .window = runtime_window(geometry),
                                 .groups = static_cast<std::int32_t>(geometry.groups),
                                 .output = output};
  lowering.set(
      node.outputs[0],
      Pending{std::make_shared<WeightedSum>(node, shape, std::move(weights), std::move(bias)), {}});
}

}  // namespace quern::internal
