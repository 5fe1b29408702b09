#include "quern/importers/onnx/internal/form.h"

#include <utility>

#include "quern/base/error.h"
#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {

void refuse(const Graph& graph, NodeId id, std::string_view reason) {
  const Node& node = graph.node(id);
  fail(ErrorCode::kUnsupported, "layer '{}': {} {}", node.layer, node.op, reason);
}

void refuse_unless(Graph& graph, NodeId id, std::string_view key, std::int64_t expected,
                   std::int64_t fallback) {
  const auto value = graph.attribute_or<std::int64_t>(id, key, fallback);
  if (value != expected) {
    refuse(graph, id, fmt::format("has {} = {} (supported: {})", key, value, expected));
  }
  graph.erase_attribute(id, key);
}

void set_constant_input(Graph& graph, NodeId id, std::size_t index, std::string_view what,
                        Tensor constant) {
  const std::string name = fmt::format("{}.{}", graph.node(id).layer, what);
  while (graph.node(id).inputs.size() <= index) graph.append_input(id, ValueId{});
  graph.set_input(id, index, graph.add_constant(name, std::move(constant)));
}

void set_constant_input(Graph& graph, NodeId id, std::size_t index, std::string_view what,
                        const Integers& values) {
  set_constant_input(graph, id, index, what,
                     Tensor::of<std::int64_t>({std::ssize(values)}, values));
}

std::optional<Integers> constant_input(const Graph& graph, NodeId id, std::size_t index,
                                       std::string_view what) {
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  if (index >= inputs.size() || !inputs[index]) return std::nullopt;
  std::optional<Integers> known = known_integers(graph, inputs[index]);
  if (!known) refuse(graph, id, fmt::format("computes its {} (supported: a constant)", what));
  return known;
}

const Dims& known_dims(const Graph& graph, NodeId id) {
  const std::optional<Dims>& dims = NodeView(graph, graph.node(id)).dims(0);
  if (!dims) refuse(graph, id, "has an input of unknown rank");
  return *dims;
}

std::size_t axis_index(const Graph& graph, NodeId id, std::int64_t position) {
  return NodeView(graph, graph.node(id)).axis(position, known_dims(graph, id).size());
}

}  // namespace quern
