#include "quern/passes/internal/passage.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"
#include "quern/tensor/transpose.h"

namespace quern::internal {
namespace {

using Integers = std::vector<std::int64_t>;

std::int64_t moved(std::int64_t axis, const Order& order) {
  const auto rank = static_cast<std::int64_t>(order.size());
  return static_cast<std::int64_t>(
      order.at(static_cast<std::size_t>(axis < 0 ? axis + rank : axis)));
}

Integers moved(Integers axes, const Order& order) {
  for (std::int64_t& axis : axes) axis = moved(axis, order);
  return axes;
}

/// What is left of an order after the axes `gone` of its input were dropped.
Order without(const Order& order, const Integers& gone) {
  const auto is_gone = [&](std::size_t axis) {
    return std::ranges::find(gone, static_cast<std::int64_t>(axis)) != gone.end();
  };
  Order left;
  for (const std::size_t axis : order) {
    if (is_gone(axis)) continue;
    std::size_t before = 0;
    for (std::size_t other = 0; other < axis; ++other) before += is_gone(other) ? 1 : 0;
    left.push_back(axis - before);
  }
  return left;
}

void set_integers(Graph& graph, NodeId id, std::size_t input, std::string_view what,
                  const Integers& values) {
  const std::string name = fmt::format("{}.{}", graph.node(id).layer, what);
  graph.set_input(id, input,
                  graph.add_constant(name, Tensor::of<std::int64_t>({std::ssize(values)}, values)));
}

std::optional<Integers> integers(const Graph& graph, NodeId id, std::size_t input) {
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  if (input >= inputs.size() || !inputs[input]) return std::nullopt;
  return known_integers(graph, inputs[input]);
}

std::optional<Order> elementwise(Graph&, NodeId, const Order& order) { return order; }

/// Concat, Softmax, Split: one axis.
std::optional<Order> along_axis(Graph& graph, NodeId id, const Order& order) {
  const auto axis = NodeView(graph, graph.node(id)).attribute<std::int64_t>("axis");
  graph.set_attribute(id, "axis", moved(axis, order));
  return order;
}

/// A grid per channel moves with its axis, if no other Quant lives on it.
std::optional<Order> quant(Graph& graph, NodeId id, const Order& order) {
  const QuantizerId entry = graph.node(id).quantizer;
  QuantSpec& spec = graph.quantizer(entry).spec;
  if (spec.granularity == Granularity::kPerTensor) return order;
  for (const NodeId other : graph.nodes_of("Quant")) {
    if (other != id && graph.node(other).quantizer == entry) return std::nullopt;
  }
  spec.channel_axis = static_cast<int>(moved(spec.channel_axis, order));
  return order;
}

std::optional<Order> pad(Graph& graph, NodeId id, const Order& order) {
  const std::optional<Integers> pads = integers(graph, id, 1);
  const std::size_t rank = order.size();
  if (!pads || pads->size() != 2 * rank || graph.node(id).inputs.size() > 3) return std::nullopt;
  Integers result(2 * rank);
  for (std::size_t i = 0; i < rank; ++i) {
    result[order[i]] = (*pads)[i];
    result[rank + order[i]] = (*pads)[rank + i];
  }
  set_integers(graph, id, 1, "pads", result);
  return order;
}

std::optional<Order> tile(Graph& graph, NodeId id, const Order& order) {
  const std::optional<Integers> repeats = integers(graph, id, 1);
  if (!repeats || repeats->size() != order.size()) return std::nullopt;
  Integers result(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[order[i]] = (*repeats)[i];
  set_integers(graph, id, 1, "repeats", result);
  return order;
}

/// Where height and width stay behind batch and channels.
std::optional<Order> resize(Graph& graph, NodeId id, const Order& order) {
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  if (order.size() != 4 || inputs.size() != 3 || !graph.is_constant(inputs[2])) return std::nullopt;
  const std::vector<float> scales = to_vector<float>(*graph.value(inputs[2]).constant);
  if (scales.size() != 4) return std::nullopt;
  std::vector<float> result(4);
  for (std::size_t i = 0; i < 4; ++i) result[order[i]] = scales[i];
  if (result[0] != 1 || result[1] != 1) return std::nullopt;
  graph.set_input(
      id, 2, graph.add_constant(graph.node(id).layer + ".scales", Tensor::of<float>({4}, result)));
  return order;
}

std::optional<Order> slice(Graph& graph, NodeId id, const Order& order) {
  const std::optional<Integers> starts = integers(graph, id, 1);
  if (!starts) return std::nullopt;
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  Integers axes(starts->size());
  std::iota(axes.begin(), axes.end(), 0);
  if (inputs.size() > 3 && inputs[3]) {
    const std::optional<Integers> given = integers(graph, id, 3);
    if (!given) return std::nullopt;
    axes = *given;
  }
  while (graph.node(id).inputs.size() <= 3) graph.append_input(id, ValueId{});
  set_integers(graph, id, 3, "axes", moved(axes, order));
  return order;
}

std::optional<Order> reduce(Graph& graph, NodeId id, const Order& order) {
  const NodeView node(graph, graph.node(id));
  const auto* axes = node.find_attribute<Integers>("axes");
  const bool keeps_axes = node.attribute<std::int64_t>("keepdims") != 0;
  if (axes == nullptr || axes->empty()) return keeps_axes ? order : Order{};
  const Integers result = moved(*axes, order);
  graph.set_attribute(id, "axes", result);
  return keeps_axes ? order : without(order, result);
}

std::optional<Order> squeeze(Graph& graph, NodeId id, const Order& order) {
  const std::optional<Integers> axes = integers(graph, id, 1);
  if (!axes) return std::nullopt;
  const Integers result = moved(*axes, order);
  set_integers(graph, id, 1, "axes", result);
  return without(order, result);
}

// --- Flatten ------------------------------------------------------------------------------------

/// A matrix whose rows (or columns, where `is_transposed`) are numbered by the flattened `extents`
/// of axes 1, 2, … of a Transpose's output; numbered instead by those of its input.
Tensor renumbered(const Tensor& matrix, bool is_transposed, const Shape& extents,
                  const Order& order) {
  const std::size_t first = is_transposed ? 1 : 0;  // Of the flattened axes.
  Shape unfolded = extents;
  unfolded.insert(is_transposed ? unfolded.begin() : unfolded.end(),
                  matrix.shape()[is_transposed ? 0 : 1]);
  const Order back = inverse(order);
  Order axes(unfolded.size());
  axes[is_transposed ? 0 : unfolded.size() - 1] = is_transposed ? 0 : unfolded.size() - 1;
  for (std::size_t i = 0; i < extents.size(); ++i) axes[first + i] = first + back[i + 1] - 1;
  return transposed(matrix.reshaped(unfolded), axes).reshaped(matrix.shape());
}

/// The constant matrix that multiplies a flattened value; none if it can not be rewritten.
std::optional<ValueId> own_matrix(const Graph& graph, const Graph::Use& use) {
  const Node& node = graph.node(use.node);
  const bool multiplies =
      node.op == "MatMul" ||
      (node.op == "Gemm" && graph.attribute_or<std::int64_t>(use.node, "transA", 0) == 0);
  if (!multiplies || use.input != 0 || node.inputs.size() < 2) return std::nullopt;
  ValueId matrix = node.inputs[1];
  if (const Node* quant = graph.quant_of(matrix)) {
    if (graph.use_count(matrix) != 1) return std::nullopt;
    matrix = quant->inputs[0];
  }
  const bool is_own = graph.is_constant(matrix) && graph.use_count(matrix) == 1 &&
                      graph.value(matrix).constant->rank() == 2;
  return is_own ? std::optional(matrix) : std::nullopt;
}

/// Whether a grid of the matrix, if it has one, does not tell flattened positions apart.
bool grid_allows(const Graph& graph, const Graph::Use& use) {
  const Node& node = graph.node(use.node);
  const Node* quant = graph.quant_of(node.inputs[1]);
  if (quant == nullptr) return true;
  const QuantSpec& spec = graph.quantizer(quant->quantizer).spec;
  const int outputs = graph.attribute_or<std::int64_t>(use.node, "transB", 0) != 0 ? 0 : 1;
  return spec.granularity == Granularity::kPerTensor || spec.channel_axis == outputs;
}

/// The matrices behind a Flatten take the order of elements upon them.
std::optional<Order> flatten(Graph& graph, NodeId id, const Order& order) {
  const Node& node = graph.node(id);
  const auto& dims = graph.value(node.inputs[0]).dims;
  if (graph.attribute_or<std::int64_t>(id, "axis", 1) != 1 || order[0] != 0 || !dims) {
    return std::nullopt;
  }
  Shape extents;
  for (std::size_t i = 1; i < dims->size(); ++i) {
    if (!(*dims)[i].is_fixed()) return std::nullopt;
    extents.push_back((*dims)[i].size);
  }
  const std::vector<Graph::Use> readers = graph.uses(node.outputs[0]);
  for (const Graph::Use& use : readers) {
    if (!own_matrix(graph, use) || !grid_allows(graph, use)) return std::nullopt;
  }
  for (const Graph::Use& use : readers) {
    const ValueId matrix = *own_matrix(graph, use);
    const bool is_transposed = graph.attribute_or<std::int64_t>(use.node, "transB", 0) != 0;
    graph.set_constant(matrix,
                       renumbered(*graph.value(matrix).constant, is_transposed, extents, order));
  }
  return Order{0, 1};
}

constexpr std::array kPassages = {
    Passage{"Abs", false, true, elementwise},
    Passage{"Add", true, true, elementwise},
    Passage{"Cast", false, true, elementwise},
    Passage{"Ceil", false, true, elementwise},
    Passage{"Clip", false, true, elementwise},
    Passage{"Concat", true, true, along_axis},
    Passage{"Div", true, true, elementwise},
    Passage{"Dropout", false, true, elementwise},
    Passage{"Elu", false, true, elementwise},
    Passage{"Erf", false, true, elementwise},
    Passage{"Exp", false, true, elementwise},
    Passage{"Flatten", false, false, flatten},
    Passage{"Floor", false, true, elementwise},
    Passage{"Gelu", false, true, elementwise},
    Passage{"HardSigmoid", false, true, elementwise},
    Passage{"HardSwish", false, true, elementwise},
    Passage{"Identity", false, true, elementwise},
    Passage{"LeakyRelu", false, true, elementwise},
    Passage{"Log", false, true, elementwise},
    Passage{"LogSoftmax", false, true, along_axis},
    Passage{"Max", true, true, elementwise},
    Passage{"Min", true, true, elementwise},
    Passage{"Mish", false, true, elementwise},
    Passage{"Mul", true, true, elementwise},
    Passage{"Neg", false, true, elementwise},
    Passage{"PRelu", true, true, elementwise},
    Passage{"Pad", false, true, pad},
    Passage{"Pow", true, true, elementwise},
    Passage{"Quant", false, true, quant},
    Passage{"Reciprocal", false, true, elementwise},
    Passage{"ReduceMax", false, true, reduce},
    Passage{"ReduceMean", false, true, reduce},
    Passage{"ReduceMin", false, true, reduce},
    Passage{"Relu", false, true, elementwise},
    Passage{"Resize", false, true, resize},
    Passage{"Round", false, true, elementwise},
    Passage{"Sigmoid", false, true, elementwise},
    Passage{"Slice", false, true, slice},
    Passage{"Softmax", false, true, along_axis},
    Passage{"Softplus", false, true, elementwise},
    Passage{"Split", false, true, along_axis},
    Passage{"Sqrt", false, true, elementwise},
    Passage{"Squeeze", false, true, squeeze},
    Passage{"Sub", true, true, elementwise},
    Passage{"Tanh", false, true, elementwise},
    Passage{"Tile", false, true, tile},
};

}  // namespace

bool is_identity(const Order& order) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] != i) return false;
  }
  return true;
}

Order inverse(const Order& order) {
  Order result(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[order[i]] = i;
  return result;
}

const Passage* find_passage(std::string_view op) {
  const auto* found = std::ranges::find(kPassages, op, &Passage::op);
  return found == kPassages.end() ? nullptr : found;
}

}  // namespace quern::internal
