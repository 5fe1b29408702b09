// What an epilogue is made of: batch norms, factors and terms per channel, activations.
#include <cmath>
#include <numbers>

#include "quern/lower/internal/catalog.h"
#include "quern/lower/refusal.h"
#include "quern/ops/node_view.h"
#include "quern/quantizers/batchnorm_affine.h"

namespace quern::internal {
namespace {

template <class Part>
void append(Lowering& lowering, const Node& node, std::size_t input, Part part) {
  Pending pending = lowering.pending(node.inputs[input]);
  pending.epilogue.append(std::move(part));
  lowering.set(node.outputs[0], std::move(pending));
}

/// A constant that is one number, or one per channel of the value it meets: dimension 1.
std::vector<float> channel_constant(const Lowering& lowering, const Node& node, std::size_t index,
                                    std::size_t other) {
  const Graph& graph = lowering.graph;
  const Tensor constant = constant_of(graph, node.inputs[index]);
  std::vector<float> values = to_vector<float>(constant);
  if (values.size() == 1) return values;
  const Dims& dims = *graph.value(node.inputs[other]).dims;
  const std::size_t channels =
      static_cast<std::size_t>(lowering.pending(node.inputs[other]).source->extents().channels);
  // Broadcasting aligns the last axes.
  const std::size_t behind = dims.size() - 2;
  const Shape& shape = constant.shape();
  const bool fits = dims.size() >= 2 && shape.size() > behind && values.size() == channels &&
                    shape[shape.size() - 1 - behind] == static_cast<std::int64_t>(channels);
  if (!fits) {
    refuse(node, fmt::format("a constant of shape {}", to_string(shape)),
           "one number, or one per channel, can be lowered");
  }
  return values;
}

std::vector<float> vector_of(const Lowering& lowering, const Node& node, std::size_t index) {
  if (lowering.graph.constant_behind(node.inputs[index]) == nullptr) {
    refuse(node, "computed statistics", "constant ones can be lowered");
  }
  return to_vector<float>(constant_of(lowering.graph, node.inputs[index]));
}

/// ln(1 + e^x), where e^x would leave float32 too.
float softplus(float x) { return std::fmax(x, 0.0F) + std::log1p(std::exp(-std::fabs(x))); }

float gelu(float x) { return x * 0.5F * (1 + std::erf(x * std::numbers::sqrt2_v<float> / 2)); }

/// Its approximation by a tanh.
float gelu_by_tanh(float x) {
  const float scale = std::numbers::sqrt2_v<float> * std::numbers::inv_sqrtpi_v<float>;
  return x * 0.5F * (1 + std::tanh(scale * (x + 0.044715F * x * x * x)));
}

Epilogue::Function function_of(const NodeView& node) {
  const std::string_view op = node.op();
  const auto setting = [&](const char* key) { return node.attribute<float>(key); };
  if (op == "Sigmoid") return {[](float x) { return 1 / (1 + std::exp(-x)); }, true};
  if (op == "Tanh") return {[](float x) { return std::tanh(x); }, true};
  if (op == "Softplus") return {softplus, true};
  if (op == "Mish") return {[](float x) { return x * std::tanh(softplus(x)); }, false};
  if (op == "Gelu") {
    return {node.attribute<std::string>("approximate") == "tanh" ? gelu_by_tanh : gelu, false};
  }
  if (op == "HardSigmoid") {
    const float alpha = setting("alpha");
    const float beta = setting("beta");
    return {[=](float x) { return std::fmin(std::fmax(alpha * x + beta, 0.0F), 1.0F); },
            alpha >= 0};
  }
  if (op == "HardSwish") {
    return {[](float x) { return x * std::fmin(std::fmax(x + 3, 0.0F), 6.0F) / 6; }, false};
  }
  const float alpha = setting("alpha");
  if (op == "LeakyRelu") return {[=](float x) { return x < 0 ? x * alpha : x; }, alpha >= 0};
  return {[=](float x) { return x < 0 ? alpha * std::expm1(x) : x; }, alpha >= 0};  // Elu
}

}  // namespace

void lower_batch_normalization(Lowering& lowering, const Node& node) {
  const NodeView view(lowering.graph, node);
  const ChannelAffine affine = batchnorm_affine(
      vector_of(lowering, node, 1), vector_of(lowering, node, 2), vector_of(lowering, node, 3),
      vector_of(lowering, node, 4), view.attribute<float>("epsilon"));
  const auto channels = lowering.pending(node.inputs[0]).source->extents().channels;
  if (std::ssize(affine.multiplier) != channels) {
    refuse(node, "statistics for other channels than its input has",
           "a batch norm in front of the Flatten can be lowered");
  }
  append(lowering, node, 0, Epilogue::Affine{affine.multiplier, affine.offset});
}

/// Arithmetic with a constant, as a multiplier and a term.
void lower_affine(Lowering& lowering, const Node& node) {
  const Graph& graph = lowering.graph;
  const bool is_second = graph.constant_behind(node.inputs[1]) != nullptr;
  const bool is_first = graph.constant_behind(node.inputs[0]) != nullptr;
  if (!is_second && (!is_first || node.op == "Div")) {
    refuse(node, "two computed operands", "a constant second one can be lowered");
  }
  const std::size_t constant = is_second ? 1 : 0;
  const std::size_t other = 1 - constant;
  std::vector<float> values = channel_constant(lowering, node, constant, other);
  Epilogue::Affine part{.multiplier = {1}};
  if (node.op == "Mul" || node.op == "Div") {
    part.multiplier = std::move(values);
    part.divides = node.op == "Div";
  } else {
    const bool is_subtracted = node.op == "Sub" && is_second;
    if (node.op == "Sub" && is_first) part.multiplier = {-1};
    for (float& value : values) value = is_subtracted ? -value : value;
    part.offset = std::move(values);
  }
  append(lowering, node, other, std::move(part));
}

void lower_clip(Lowering& lowering, const Node& node) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Epilogue::Clip clip{node.op == "Relu" ? 0 : -kInfinity, kInfinity};
  const auto bound = [&](std::size_t index, float& value) {
    if (node.inputs.size() <= index || !node.inputs[index]) return;
    if (lowering.graph.constant_behind(node.inputs[index]) == nullptr) {
      refuse(node, "a computed bound", "constant ones can be lowered");
    }
    value = to_vector<float>(constant_of(lowering.graph, node.inputs[index])).at(0);
  };
  if (node.op == "Clip") {
    bound(1, clip.low);
    bound(2, clip.high);
  }
  append(lowering, node, 0, clip);
}

void lower_function(Lowering& lowering, const Node& node) {
  if (node.op == "Sigmoid" || node.op == "HardSigmoid") {
    // Without a grid behind it, it is the caller's to compute.
    const std::vector<Graph::Use> uses = lowering.graph.uses(node.outputs[0]);
    const bool is_quantized = std::ranges::any_of(
        uses, [&](const Graph::Use& use) { return lowering.graph.node(use.node).op == "Quant"; });
    if (!is_quantized && leave_out_readout(lowering, node)) return;
  }
  append(lowering, node, 0, function_of(NodeView(lowering.graph, node)));
}

}  // namespace quern::internal
