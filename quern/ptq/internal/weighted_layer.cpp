#include "quern/ptq/internal/weighted_layer.h"

#include <ATen/ops/as_strided.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/stack.h>

#include <algorithm>
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

namespace {

/// Pictures [.., H, W, channels] with the zeros around that windows read.
at::Tensor padded(const WindowGeometry& window, const at::Tensor& x) {
  constexpr WindowGeometry::Pair kNone = {0, 0};
  if (window.pads_begin == kNone && window.pads_end == kNone) return x;
  return at::constant_pad_nd(x, {0, 0, window.pads_begin[1], window.pads_end[1],
                                 window.pads_begin[0], window.pads_end[0]});
}

/// How many windows stand side by side along an axis of padded pictures.
std::int64_t outputs(const WindowGeometry& window, const at::Tensor& padded, std::size_t axis) {
  const std::int64_t extent = padded.size(static_cast<std::int64_t>(axis) - 3);
  return (extent - window.reach(axis)) / window.strides[axis] + 1;
}

/// The windows that stand on `x` [N, H, W, channels]: [N, row, column, row of the kernel, column of
/// the kernel, group, channel of the group].
at::Tensor windows_on(const WeightedLayer& layer, const at::Tensor& pictures) {
  const WindowGeometry& window = *layer.window;
  const at::Tensor x = padded(window, pictures);
  const std::int64_t line = x.stride(1);
  const std::int64_t channels = x.size(3);
  return at::as_strided(
      x,
      {x.size(0), outputs(window, x, 0), outputs(window, x, 1), window.kernel[0], window.kernel[1],
       layer.groups, layer.depth()},
      {x.stride(0), window.strides[0] * line, window.strides[1] * channels,
       window.dilations[0] * line, window.dilations[1] * channels, layer.depth(), 1});
}

/// The batch as it lies in memory: [N, H, W, channels].
at::Tensor picture_memory(const TensorView& input) {
  const Shape& shape = input.shape;
  ensure(input.channels_last, "an input of {} is not stored channels last", to_string(shape));
  return memory_of(input.data.data(), {shape[0], shape[2], shape[3], shape[1]});
}

/// The columns of a Gemm's or MatMul's input.
at::Tensor linear_columns(const WeightedLayer& layer, const TensorView& input) {
  const at::Tensor values = input.channels_last ? picture_memory(input).permute({0, 3, 1, 2})
                                                : memory_of(input.data.data(), input.shape);
  return values.reshape({1, -1, layer.inputs});
}

}  // namespace

std::pair<at::Tensor, std::int64_t> column_sum(const WeightedLayer& layer,
                                               const TensorView& input) {
  if (!layer.window) {
    const at::Tensor columns = linear_columns(layer, input);
    return {columns.sum(1), columns.size(1)};
  }
  // The sum over pictures first: it leaves one picture to look at through windows. Then, for every
  // column of the kernel, each line, and of these sums those that every row of the kernel meets.
  const at::Tensor pictures = picture_memory(input);
  const at::Tensor x = padded(*layer.window, pictures.sum(0));
  const WindowGeometry& window = *layer.window;
  const auto met = [&](const at::Tensor& lines, std::size_t axis, std::int64_t tap) {
    const std::int64_t first = tap * window.dilations[axis];
    const std::int64_t last = first + (outputs(window, x, axis) - 1) * window.strides[axis];
    return lines.slice(std::ssize(lines.sizes()) - 2, first, last + 1, window.strides[axis]);
  };
  std::vector<at::Tensor> lines;  // Per column of the kernel: [rows, channels].
  for (std::int64_t column = 0; column < window.kernel[1]; ++column) {
    lines.push_back(met(x, 1, column).sum(1));
  }
  std::vector<at::Tensor> taps;
  for (std::int64_t row = 0; row < window.kernel[0]; ++row) {
    for (const at::Tensor& line : lines) {
      taps.push_back(met(line, 0, row).sum(0).reshape({layer.groups, layer.depth()}));
    }
  }
  return {at::stack(taps, 1).reshape({layer.groups, layer.inputs}),
          input.shape[0] * outputs(window, x, 0) * outputs(window, x, 1)};
}

std::vector<ColumnSlice> column_slices(const WeightedLayer& layer, const Shape& shape,
                                       std::int64_t bytes) {
  const std::int64_t pictures = shape.at(0);
  if (!layer.window) return {{.pictures = pictures}};
  const WindowGeometry& window = *layer.window;
  const auto outputs = [&](std::size_t axis) {
    const std::int64_t extent = shape[axis + 2] + window.pads_begin[axis] + window.pads_end[axis];
    return (extent - window.reach(axis)) / window.strides[axis] + 1;
  };
  const std::int64_t rows = outputs(0);
  const std::int64_t column = layer.groups * layer.inputs * std::int64_t{sizeof(float)};
  const std::int64_t fitting = std::max<std::int64_t>(1, bytes / (outputs(1) * column));  // Rows.
  const std::int64_t rows_together = std::min(rows, fitting);
  const std::int64_t pictures_together = std::max<std::int64_t>(1, fitting / rows);
  std::vector<ColumnSlice> slices;
  for (std::int64_t n = 0; n < pictures; n += pictures_together) {
    for (std::int64_t row = 0; row < rows; row += rows_together) {
      slices.push_back(
          {n, std::min(pictures_together, pictures - n), row, std::min(rows_together, rows - row)});
    }
  }
  return slices;
}

at::Tensor input_columns(const WeightedLayer& layer, const TensorView& input,
                         const ColumnSlice& slice) {
  if (!layer.window) return linear_columns(layer, input);
  return windows_on(layer, picture_memory(input).narrow(0, slice.first_picture, slice.pictures))
      .narrow(1, slice.first_row, slice.rows)
      .permute({5, 0, 1, 2, 3, 4, 6})
      .reshape({layer.groups, -1, layer.inputs});
}

}  // namespace quern::internal
