// Gemm and MatMul: a weighted sum whose window is the whole input.
#include "quern/lower/internal/catalog.h"
#include "quern/lower/internal/weighted_sum.h"
#include "quern/lower/internal/window.h"
#include "quern/lower/refusal.h"

namespace quern::internal {
namespace {

/// What a linear layer computes besides the products: alpha · x · W + bias.
struct Linear {
  bool has_outputs_first = false;  ///< The weight is [outputs, inputs].
  double factor = 1;
  std::vector<float> bias = {0};
};

void lower_linear(Lowering& lowering, const Node& node, Linear linear) {
  const Graph& graph = lowering.graph;
  const TensorIndex input = lowering.codes(node, 0);
  const Extents from = lowering.extents(input);
  const Extents output = extents_of(graph, node.outputs[0]);
  const std::int64_t inputs = std::int64_t{from.height} * from.width * from.channels;
  const Tensor* weight = graph.constant_behind(node.inputs[1]);
  const bool fits = weight != nullptr && weight->rank() == 2 &&
                    graph.value(node.inputs[0]).dims->size() == 2 &&
                    weight->size() == inputs * output.channels;
  if (!fits) {
    refuse(node, "a product that is not one row of inputs by a constant matrix",
           "[N, inputs] by a constant [inputs, outputs] can be lowered");
  }
  // Row k of the matrix is channel, row, column of the input; the kernels read channels innermost.
  const std::int64_t pixels = std::int64_t{from.height} * from.width;
  const auto position = [=](std::int32_t o, std::int32_t k) {
    const std::int64_t row = k % from.channels * pixels + k / from.channels;
    return linear.has_outputs_first ? o * inputs + row : row * output.channels + o;
  };
  IntegerWeights weights =
      integer_weights(graph, node, output.channels, static_cast<std::int32_t>(inputs), position);
  const WeightedSum::Shape shape{
      .input = input, .window = whole_window(from.height, from.width), .output = output};
  lowering.set(node.outputs[0],
               Pending{std::make_shared<WeightedSum>(node, shape, std::move(weights),
                                                     std::move(linear.bias), linear.factor),
                       {}});
}

}  // namespace

void lower_gemm(Lowering& lowering, const Node& node) {
  const Graph& graph = lowering.graph;
  if (graph.attribute_or<std::int64_t>(node.id, "transA", 0) != 0) {
    refuse(node, "a transposed input", "transA = 0 can be lowered");
  }
  Linear linear{.has_outputs_first = graph.attribute_or<std::int64_t>(node.id, "transB", 0) != 0,
                .factor = graph.attribute_or(node.id, "alpha", 1.0F)};
  if (node.inputs.size() > 2 && node.inputs[2]) {
    if (graph.constant_behind(node.inputs[2]) == nullptr) {
      refuse(node, "a computed bias", "a constant one can be lowered");
    }
    linear.bias = to_vector<float>(constant_of(graph, node.inputs[2]));
    const float beta = graph.attribute_or(node.id, "beta", 1.0F);
    for (float& bias : linear.bias) bias *= beta;
  }
  lower_linear(lowering, node, std::move(linear));
}

void lower_matmul(Lowering& lowering, const Node& node) { lower_linear(lowering, node, {}); }

}  // namespace quern::internal
