#include "quern/ptq/internal/weighted_layer.h"

#include <ATen/ops/from_blob.h>

#include <map>
#include <tuple>

#include "quern/analysis/dataflow.h"
#include "quern/base/error.h"

namespace quern::internal {
namespace {

bool is_transposed(const Graph& graph, const Node& node) {
  return node.op == "Gemm" && graph.attribute_or<std::int64_t>(node.id, "transB", 0) != 0;
}

/// The Conv, Gemm or MatMul as matrices; none for other nodes and forms.
std::optional<WeightedLayer> weighted_layer(const Graph& graph, const Node& node) {
  const bool is_conv = node.op == "Conv";
  if ((!is_conv && node.op != "Gemm" && node.op != "MatMul") || !has_weight(graph, node)) {
    return std::nullopt;
  }
  WeightedLayer layer{.node = node.id, .layer = node.layer, .input = node.inputs[0]};
  const Node* quant = graph.quant_of(node.inputs[1]);
  layer.weight = quant != nullptr ? quant->inputs[0] : node.inputs[1];
  if (quant != nullptr) layer.grid = quant->quantizer;
  const Shape& shape = graph.value(layer.weight).constant->shape();
  if (is_conv) {
    layer.window = window_geometry(graph, node);
    layer.groups = layer.window->groups;
    layer.outputs = shape[0] / layer.groups;
    layer.inputs = shape[1] * shape[2] * shape[3];
    return layer;
  }
  const bool flips_input = graph.attribute_or<std::int64_t>(node.id, "transA", 0) != 0;
  if (shape.size() != 2 || flips_input) return std::nullopt;
  layer.outputs = shape[is_transposed(graph, node) ? 0 : 1];
  layer.inputs = shape[is_transposed(graph, node) ? 1 : 0];
  return layer;
}

at::Tensor memory_of(const float* data, const Shape& shape) {
  return at::from_blob(const_cast<float*>(data), shape, at::kFloat);
}

}  // namespace

std::vector<WeightedLayer> weighted_layers(const Graph& graph) {
  std::vector<WeightedLayer> layers;
  for (const NodeId id : graph.nodes()) {
    if (auto layer = weighted_layer(graph, graph.node(id))) layers.push_back(std::move(*layer));
  }
  return layers;
}

std::vector<NodeId> other_layers(const Graph& graph) {
  std::vector<NodeId> others;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (!has_weight(graph, node) || graph.quant_of(node.inputs[1]) == nullptr) continue;
    if (!weighted_layer(graph, node)) others.push_back(id);
  }
  return others;
}

std::vector<WeightedLayer> layers_in(const Graph& reference,
                                     const std::vector<WeightedLayer>& layers) {
  std::map<std::string, WeightedLayer> by_name;
  for (WeightedLayer& layer : weighted_layers(reference)) by_name[layer.layer] = std::move(layer);
  std::vector<WeightedLayer> twins;
  for (const WeightedLayer& layer : layers) {
    const auto found = by_name.find(layer.layer);
    require(found != by_name.end(), "the float network has no layer '{}'", layer.layer);
    const WeightedLayer& twin = found->second;
    require(std::tie(twin.groups, twin.outputs, twin.inputs) ==
                std::tie(layer.groups, layer.outputs, layer.inputs),
            "layer '{}' has {} weight matrices of [{}, {}], in the float network {} of [{}, {}]",
            layer.layer, layer.groups, layer.outputs, layer.inputs, twin.groups, twin.outputs,
            twin.inputs);
    twins.push_back(twin);
  }
  return twins;
}

std::vector<ValueId> inputs_of(const std::vector<WeightedLayer>& layers) {
  std::vector<ValueId> inputs;
  for (const WeightedLayer& layer : layers) inputs.push_back(layer.input);
  return inputs;
}

at::Tensor weight_matrices(const Graph& graph, const WeightedLayer& layer) {
  const Tensor& weight = *graph.value(layer.weight).constant;
  const at::Tensor memory = memory_of(weight.data<float>().data(), weight.shape());
  if (layer.window) {
    const auto& [rows, columns] = layer.window->kernel;
    return memory.reshape({layer.groups, layer.outputs, layer.depth(), rows, columns})
        .permute({0, 1, 3, 4, 2})
        .reshape({layer.groups, layer.outputs, layer.inputs})
        .clone();
  }
  const at::Tensor matrix = is_transposed(graph, graph.node(layer.node)) ? memory : memory.t();
  return matrix.unsqueeze(0).contiguous().clone();
}

at::Tensor shaped_weight(const Graph& graph, const WeightedLayer& layer,
                         const at::Tensor& matrices) {
  if (!layer.window) {
    return is_transposed(graph, graph.node(layer.node)) ? matrices[0] : matrices[0].t();
  }
  const auto& [rows, columns] = layer.window->kernel;
  return matrices.reshape({layer.groups * layer.outputs, rows, columns, layer.depth()})
      .permute({0, 3, 1, 2});
}

void set_weight_matrices(Graph& graph, const WeightedLayer& layer, const at::Tensor& matrices) {
  const at::Tensor values = shaped_weight(graph, layer, matrices).to(at::kFloat).contiguous();
  const Shape& shape = graph.value(layer.weight).constant->shape();
  Tensor weight = Tensor::of<float>(
      shape, std::span(values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel())));
  if (graph.use_count(layer.weight) == 1) {
    graph.set_constant(layer.weight, std::move(weight));
    return;
  }
  const ValueId own = graph.add_constant(graph.value(layer.weight).name, std::move(weight));
  const Node* quant = graph.quant_of(graph.node(layer.node).inputs[1]);
  if (quant != nullptr) {
    graph.set_input(quant->id, 0, own);
  } else {
    graph.set_input(layer.node, 1, own);
  }
}

}  // namespace quern::internal
