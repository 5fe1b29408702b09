#include "quern/ptq/internal/layer_channels.h"

#include <algorithm>
#include <cmath>

#include "quern/analysis/dataflow.h"
#include "quern/base/error.h"

namespace quern::internal {
namespace {

/// Which channels the elements of a weight belong to. Its first two axes count outputs and inputs
/// of a group, or inputs and outputs.
struct WeightChannels {
  bool outputs_first = true;
  std::int64_t groups = 1;
  std::int64_t first = 0;   ///< Extent of axis 0: the channels of all groups.
  std::int64_t second = 0;  ///< Extent of axis 1: the channels of one group.
  std::int64_t taps = 1;

  std::int64_t on_first(std::int64_t i) const { return i / (second * taps); }
  std::int64_t on_second(std::int64_t i) const {
    const std::int64_t group = on_first(i) / (first / groups);
    return group * second + i / taps % second;
  }
  std::int64_t output(std::int64_t i) const { return outputs_first ? on_first(i) : on_second(i); }
  std::int64_t input(std::int64_t i) const { return outputs_first ? on_second(i) : on_first(i); }
  std::int64_t outputs() const { return outputs_first ? first : second * groups; }
  std::int64_t inputs() const { return outputs_first ? second * groups : first; }
};

WeightChannels weight_channels(const Graph& graph, const Node& node) {
  const Shape& shape = graph.value(node.inputs[1]).constant->shape();
  WeightChannels channels;
  channels.outputs_first = weight_channel_axis(graph, node) == 0;
  channels.first = shape[0];
  channels.second = shape[1];
  for (std::size_t i = 2; i < shape.size(); ++i) channels.taps *= shape[i];
  channels.groups = graph.attribute_or<std::int64_t>(node.id, "group", 1);
  return channels;
}

bool is_float_constant(const Graph& graph, const Node& node, std::size_t index) {
  return index < node.inputs.size() && graph.is_constant(node.inputs[index]) &&
         graph.value(node.inputs[index]).dtype == DType::kFloat32;
}

std::size_t rank(const Graph& graph, ValueId value) {
  const auto& dims = graph.value(value).dims;
  return dims ? dims->size() : 0;
}

/// A layer whose weight is a plain constant with outputs and inputs on its first two axes.
bool has_plain_weight(const Graph& graph, const Node& node) {
  if (!has_weight(graph, node) || !is_float_constant(graph, node, 1)) return false;
  const std::size_t axes = graph.value(node.inputs[1]).constant->rank();
  if (node.op == "MatMul") return axes == 2 && rank(graph, node.inputs[0]) == 2;
  if (node.op != "Gemm") return axes > 2;
  return graph.attribute_or<std::int64_t>(node.id, "transA", 0) == 0;
}

/// The constant operand of an Add or Mul that neither adds axes to the other nor is quantized.
std::optional<std::size_t> constant_operand(const Graph& graph, const Node& node) {
  for (const std::size_t i : {0, 1}) {
    const bool other_is_computed = graph.constant_behind(node.inputs[1 - i]) == nullptr;
    if (!is_float_constant(graph, node, i) || !other_is_computed) continue;
    const auto& dims = graph.value(node.outputs[0]).dims;
    if (dims && dims == graph.value(node.inputs[1 - i]).dims &&
        graph.value(node.inputs[i]).constant->rank() <= dims->size()) {
      return i;
    }
  }
  return std::nullopt;
}

/// `constant` with `axis_from_end` counting channels, each multiplied by its factor; one number for
/// all channels becomes one for each.
Tensor scaled(const Tensor& constant, std::size_t axis_from_end,
              const std::vector<float>& factors) {
  Shape shape = constant.shape();
  while (shape.size() <= axis_from_end) shape.insert(shape.begin(), 1);
  const std::size_t axis = shape.size() - 1 - axis_from_end;
  const std::int64_t given = shape[axis];
  shape[axis] = std::ssize(factors);
  std::int64_t inner = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  Tensor result(DType::kFloat32, shape);
  const auto from = constant.data<float>();
  const auto to = result.mutable_data<float>();
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const std::int64_t channel = i / inner % std::ssize(factors);
    const std::int64_t outer = i / inner / std::ssize(factors);
    const std::int64_t source = (outer * given + (given == 1 ? 0 : channel)) * inner + i % inner;
    to[static_cast<std::size_t>(i)] =
        from[static_cast<std::size_t>(source)] * factors[static_cast<std::size_t>(channel)];
  }
  return result;
}

/// Another constant for one reader.
void replace_constant(Graph& graph, NodeId node, std::size_t index, Tensor constant) {
  const ValueId value = graph.node(node).inputs[index];
  if (graph.use_count(value) > 1) {
    graph.set_input(node, index, graph.add_constant(graph.value(value).name, std::move(constant)));
    return;
  }
  const Dims dims = fixed_dims(constant.shape());
  graph.set_constant(value, std::move(constant));
  graph.set_type(value, DType::kFloat32, dims);
}

template <class Change>
void change_weight(Graph& graph, NodeId id, const Change& change) {
  const Node& node = graph.node(id);
  const WeightChannels channels = weight_channels(graph, node);
  Tensor weight = *graph.value(node.inputs[1]).constant;
  const auto values = weight.mutable_data<float>();
  for (std::int64_t i = 0; i < weight.size(); ++i) {
    change(channels, i, values[static_cast<std::size_t>(i)]);
  }
  replace_constant(graph, id, 1, std::move(weight));
}

template <class ChannelOf>
std::vector<float> largest_weights(const Tensor& weight, std::int64_t channels,
                                   const ChannelOf& channel_of) {
  std::vector<float> largest(static_cast<std::size_t>(channels), 0.0F);
  const auto values = weight.data<float>();
  for (std::int64_t i = 0; i < weight.size(); ++i) {
    float& range = largest[static_cast<std::size_t>(channel_of(i))];
    range = std::max(range, std::fabs(values[static_cast<std::size_t>(i)]));
  }
  return largest;
}

std::vector<float> ranges_of_batchnorm(const Graph& graph, const Node& node) {
  const auto gamma = graph.value(node.inputs[1]).constant->data<float>();
  const auto variance = graph.constant_behind(node.inputs[4])->data<float>();
  const float epsilon = graph.attribute_or(node.id, "epsilon", 1e-5F);
  const Node* layer = graph.producer(node.inputs[0]);
  std::vector<float> ranges(gamma.size(), 1.0F);
  if (layer != nullptr && has_plain_weight(graph, *layer)) ranges = output_ranges(graph, *layer);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    ranges[i] *= std::fabs(gamma[i]) / std::sqrt(variance[i] + epsilon);
  }
  return ranges;
}

}  // namespace

bool has_output_factors(const Graph& graph, const Node& node) {
  if (node.op == "Mul") return constant_operand(graph, node).has_value();
  if (node.op == "BatchNormalization") {
    const auto is_constant = [&](std::size_t i) { return is_float_constant(graph, node, i); };
    return is_constant(1) && is_constant(2) && is_constant(3) && is_constant(4);
  }
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2];
  return has_plain_weight(graph, node) && (!has_bias || is_float_constant(graph, node, 2));
}

bool has_input_factors(const Graph& graph, const Node& node) {
  return has_plain_weight(graph, node);
}

bool adds_a_constant(const Graph& graph, const Node& node) {
  return node.op == "Add" && constant_operand(graph, node).has_value();
}

void scale_outputs(Graph& graph, NodeId id, const std::vector<float>& factors) {
  const Node node = graph.node(id);
  const auto scale = [&](std::size_t input, std::size_t axis_from_end) {
    replace_constant(graph, id, input,
                     scaled(*graph.value(node.inputs[input]).constant, axis_from_end, factors));
  };
  if (node.op == "Mul" || node.op == "Add") {
    scale(constant_operand(graph, node).value(), rank(graph, node.outputs[0]) - 2);
    return;
  }
  if (node.op == "BatchNormalization") {
    scale(1, 0);
  } else {
    change_weight(graph, id, [&](const WeightChannels& channels, std::int64_t i, float& weight) {
      weight *= factors[static_cast<std::size_t>(channels.output(i))];
    });
  }
  if (node.inputs.size() > 2 && node.inputs[2]) scale(2, 0);
}

void divide_inputs(Graph& graph, NodeId id, const std::vector<float>& factors) {
  change_weight(graph, id, [&](const WeightChannels& channels, std::int64_t i, float& weight) {
    weight /= factors[static_cast<std::size_t>(channels.input(i))];
  });
}

std::vector<float> input_ranges(const Graph& graph, const Node& node) {
  const WeightChannels channels = weight_channels(graph, node);
  return largest_weights(*graph.value(node.inputs[1]).constant, channels.inputs(),
                         [&](std::int64_t i) { return channels.input(i); });
}

std::vector<float> output_ranges(const Graph& graph, const Node& node) {
  if (node.op == "Add") return {};
  if (node.op == "BatchNormalization") return ranges_of_batchnorm(graph, node);
  if (node.op == "Mul") {
    const Dims& dims = *graph.value(node.outputs[0]).dims;
    const Tensor& constant =
        *graph.value(node.inputs[constant_operand(graph, node).value()]).constant;
    const std::vector<float> ones(static_cast<std::size_t>(dims[1].size), 1.0F);
    const Tensor factors = scaled(constant, dims.size() - 2, ones);
    const std::int64_t inner = factors.size() / std::ssize(ones);
    return largest_weights(factors, std::ssize(ones), [&](std::int64_t i) { return i / inner; });
  }
  const WeightChannels channels = weight_channels(graph, node);
  return largest_weights(*graph.value(node.inputs[1]).constant, channels.outputs(),
                         [&](std::int64_t i) { return channels.output(i); });
}

}  // namespace quern::internal
