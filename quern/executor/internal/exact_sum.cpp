#include "quern/executor/internal/exact_sum.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/round.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/executor/internal/catalog.h"

namespace quern {
namespace {

/// The grid of a layer's input, if all of its elements lie on one.
struct InputGrid {
  double scale = 1;
  double most = 0;  ///< Of |q − z|.
};

std::optional<InputGrid> input_grid(const Graph& graph, ValueId input) {
  std::optional<InputGrid> found;
  for (const NodeId id : grids_of(graph, input)) {
    const Quantizer& entry = graph.quantizer(graph.node(id).quantizer);
    const QuantParams params = graph.params(entry.id);
    const double scale = params.scale[0];
    if (params.scale.size() > 1 || (found && found->scale != scale)) return std::nullopt;
    const double zero = params.zero_point[0];
    const double most = std::max(std::fabs(static_cast<double>(entry.spec.qmin()) - zero),
                                 std::fabs(static_cast<double>(entry.spec.qmax()) - zero));
    found = InputGrid{scale, std::max(found ? found->most : 0, most)};
  }
  return found;
}

/// A weight as integers, and what a step of each output channel means; axis `channels` counts them.
struct IntegerWeight {
  at::Tensor codes;  ///< double
  at::Tensor scale;  ///< double, one or one per channel.
  std::int64_t channels = 0;
};

std::optional<IntegerWeight> integer_weight(const StepSource& source) {
  const Graph& graph = source.node.graph();
  const Node& node = source.node.node();
  const Node* quant = graph.quant_of(node.inputs[1]);
  if (quant == nullptr || !source.is_constant(1)) return std::nullopt;
  const Quantizer& entry = graph.quantizer(quant->quantizer);
  const std::vector<float> scale = graph.params(entry.id).scale;
  IntegerWeight weight{.channels = weight_channel_axis(graph, node)};
  if (scale.size() > 1 && entry.spec.channel_axis != weight.channels) return std::nullopt;
  weight.scale = at::tensor(scale).to(at::kDouble);
  const at::Tensor values = source.constants[1].to(at::kDouble);
  std::vector<std::int64_t> spread(static_cast<std::size_t>(values.dim()), 1);
  spread[static_cast<std::size_t>(weight.channels)] = -1;
  weight.codes = at::round(values / weight.scale.reshape(spread));
  return weight;
}

/// The largest magnitude that a partial sum can have.
double most_of_sums(const IntegerWeight& weight, const InputGrid& input) {
  const at::Tensor by_channel = weight.codes.abs().movedim(weight.channels, 0).flatten(1).sum(1);
  return by_channel.max().item<double>() * input.most;
}

/// The layer without scales and bias, of codes of whatever type.
Forward build_sum(const StepSource& source) {
  if (source.node.op() == "Conv") return build_conv(source);
  const auto transposes = [&](const char* key) {
    return source.node.op() == "Gemm" && source.node.attribute<std::int64_t>(key) != 0;
  };
  return [a = transposes("transA"), b = transposes("transB")](Arguments& inputs) {
    const at::Tensor x = a ? inputs[0].t() : inputs[0];
    return std::vector{at::matmul(x, b ? inputs[1].t() : inputs[1])};
  };
}

/// What a layer adds to its sums; undefined where that is nothing.
at::Tensor bias_of(const StepSource& source) {
  if (!source.is_constant(2)) return {};
  if (source.node.op() != "Gemm") return source.constants[2];
  return source.constants[2] * source.node.attribute<float>("beta");
}

/// Values per channel, as they broadcast over the layer's output.
at::Tensor over_channels(const at::Tensor& values, const StepSource& source) {
  const bool is_picture = source.node.op() == "Conv";
  const at::Tensor wide = values.to(at::kDouble);
  return is_picture ? wide.reshape({1, -1, 1, 1}) : wide;
}

}  // namespace

Forward build_exact_sum(const StepSource& source) {
  const std::string_view op = source.node.op();
  const bool is_sum = op == "Conv" || op == "Gemm" || op == "MatMul";
  if (!is_sum || source.mode != QuantMode::kFakeQuant) return {};
  if (source.node.has_input(2) && !source.is_constant(2)) return {};
  const auto input = input_grid(source.node.graph(), source.node.node().inputs[0]);
  const auto weight = integer_weight(source);
  if (!input || !weight) return {};
  // The narrowest type of which every partial sum is a number: then each addition is exact.
  const double most = most_of_sums(*weight, *input);
  if (most > 0x1p53) return {};
  const at::ScalarType type = most <= 0x1p24 ? at::kFloat : at::kDouble;
  at::Tensor step = over_channels(weight->scale, source) * input->scale;
  if (op == "Gemm") step = step * double{source.node.attribute<float>("alpha")};
  const at::Tensor bias = bias_of(source);
  const at::Tensor offset = bias.defined() ? over_channels(bias, source) : at::Tensor();
  return [sum = build_sum(source), type, step, offset, codes = weight->codes.to(type),
          scale = input->scale](Arguments& inputs) {
    Arguments operands({at::round(inputs[0] / scale).to(type), codes});
    at::Tensor y = sum(operands)[0].to(at::kDouble) * step;
    if (offset.defined()) y = y + offset;
    return std::vector{y.to(at::kFloat)};
  };
}

}  // namespace quern
