// simplify_flatten: one spelling for what stands between a convolutional network and its head.
//
//   ReduceMean over H and W, axes kept      →  GlobalAveragePool
//   ReduceMean over H and W, axes dropped   →  GlobalAveragePool, Flatten
//   Reshape or Squeeze that leaves [N, rest]  →  Flatten
//   Transpose that only moves extents of 1, in front of a Flatten  →  nothing
//
// The last is what converters of channels-last networks leave behind a global pool.
#include <algorithm>
#include <optional>
#include <vector>

#include "quern/passes/passes.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;

const std::optional<Dims>& dims_of(const Graph& graph, ValueId value) {
  return graph.value(value).dims;
}

bool is_mean_over_space(const Graph& graph, const Node& node) {
  const auto& input = dims_of(graph, node.inputs[0]);
  if (node.op != "ReduceMean" || !input || input->size() != 4) return false;
  Integers axes = graph.attribute_or(node.id, "axes", Integers{});
  for (std::int64_t& axis : axes) axis += axis < 0 ? 4 : 0;
  std::ranges::sort(axes);
  return axes == Integers{2, 3};
}

void use_global_pool(Graph& graph, NodeId id) {
  const Node mean = graph.node(id);
  const bool keeps_axes = graph.attribute_or<std::int64_t>(id, "keepdims", 1) != 0;
  if (keeps_axes) {
    graph.set_op(id, "GlobalAveragePool");
    return;
  }
  Dims pooled = *dims_of(graph, mean.inputs[0]);
  pooled[2] = pooled[3] = {1, ""};
  // The pool is what rules and reports speak of: it takes the name.
  graph.set_layer(id, mean.layer + ".flatten");
  Node pool;
  pool.layer = mean.layer;
  pool.op = "GlobalAveragePool";
  pool.inputs = {mean.inputs[0]};
  pool.outputs = {graph.add_value(mean.layer + ".pool", DType::kFloat32, pooled)};
  const ValueId output = pool.outputs[0];
  graph.add_node(std::move(pool));
  graph.set_op(id, "Flatten");
  graph.set_attribute(id, "axis", std::int64_t{1});
  graph.set_input(id, 0, output);
}

/// Whether a Reshape or Squeeze keeps the batch and puts all else in one row.
bool is_flattening(const Graph& graph, const Node& node) {
  if (node.op != "Reshape" && node.op != "Squeeze") return false;
  const auto& input = dims_of(graph, node.inputs[0]);
  const auto& output = dims_of(graph, node.outputs[0]);
  if (!input || !output || input->size() < 2 || output->size() != 2) return false;
  const bool keeps_batch = (*input)[0] == (*output)[0];
  // A free extent has to be told apart from another one by its name.
  return keeps_batch && ((*input)[0].is_fixed() || !(*input)[0].symbol.empty()) &&
         std::all_of(input->begin() + 1, input->end(),
                     [](const Dim& dim) { return dim.is_fixed(); });
}

/// Whether a Transpose keeps the order of all extents that are not 1.
bool moves_only_ones(const Graph& graph, const Node& node) {
  const auto& input = dims_of(graph, node.inputs[0]);
  if (node.op != "Transpose" || !input) return false;
  const Integers order = graph.attribute_or(node.id, "perm", Integers{});
  std::int64_t previous = -1;
  for (const std::int64_t axis : order) {
    if ((*input)[static_cast<std::size_t>(axis)].size == 1) continue;
    if (axis < previous) return false;
    previous = axis;
  }
  return order.size() == input->size() && order.size() > 1 && order[0] == 0;
}

bool only_flattens_read(const Graph& graph, ValueId value) {
  if (graph.is_output(value)) return false;
  return std::ranges::all_of(graph.uses(value), [&](const Graph::Use& use) {
    return graph.node(use.node).op == "Flatten" &&
           graph.attribute_or<std::int64_t>(use.node, "axis", 1) == 1;
  });
}

}  // namespace

PassReport simplify_flatten(Graph& graph) {
  PassReport report;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (is_mean_over_space(graph, node)) {
      use_global_pool(graph, id);
      ++report.rewrites;
    } else if (is_flattening(graph, node)) {
      while (graph.node(id).inputs.size() > 1) graph.remove_input(id, 1);
      graph.set_op(id, "Flatten");
      graph.set_attribute(id, "axis", std::int64_t{1});
      ++report.rewrites;
    }
  }
  // From the back: of a chain of them, each is read by a Flatten once the next is gone.
  std::vector<NodeId> nodes = graph.nodes();
  std::ranges::reverse(nodes);
  for (const NodeId id : nodes) {
    const Node& node = graph.node(id);
    if (!moves_only_ones(graph, node) || !only_flattens_read(graph, node.outputs[0])) continue;
    graph.bypass(id);
    ++report.rewrites;
  }
  return report;
}

}  // namespace quern
