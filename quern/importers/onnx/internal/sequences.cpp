// A list of tensors that a network splits one into and reads at known places is a Split.
#include <algorithm>

#include "quern/base/error.h"
#include "quern/importers/onnx/internal/form.h"
#include "quern/ops/infer_node.h"
#include "quern/ops/node_view.h"

namespace quern {
namespace {

/// The extents that an axis of `whole` is split into: equal ones but for the last, or those listed.
Integers parts_of(const Graph& graph, NodeId id, std::int64_t whole, const Integers& given,
                  bool is_list) {
  if (is_list) return given;
  if (given.empty() || given[0] < 1) refuse(graph, id, "splits into parts of no extent");
  constexpr std::int64_t kMostParts = 4096;
  if (whole / given[0] > kMostParts) refuse(graph, id, "splits into too many parts");
  Integers parts(static_cast<std::size_t>(whole / given[0]), given[0]);
  if (whole % given[0] != 0) parts.push_back(whole % given[0]);
  return parts;
}

}  // namespace

void split_from_sequence(Graph& graph, NodeId id) {
  refuse_unless(graph, id, "keepdims", 1, 1);
  const auto position = graph.attribute_or<std::int64_t>(id, "axis", 0);
  const std::size_t axis = axis_index(graph, id, position);
  const Dim whole = known_dims(graph, id)[axis];
  const auto given = constant_input(graph, id, 1, "split");
  if (!given || !whole.is_fixed())
    refuse(graph, id, "splits an axis into parts that are not known");
  const auto& split_dims = graph.value(graph.node(id).inputs[1]).dims;
  const bool is_list = split_dims && split_dims->size() == 1;
  const Integers parts = parts_of(graph, id, whole.size, *given, is_list);

  Node split;
  split.op = "Split";
  split.layer = graph.node(id).layer + ".split";
  split.inputs = {graph.node(id).inputs[0]};
  split.attributes["axis"] = static_cast<std::int64_t>(axis);
  for (std::size_t i = 0; i < parts.size(); ++i) split.outputs.push_back(graph.add_value("part"));
  const std::vector<ValueId> outputs = split.outputs;
  const NodeId added = graph.add_node(std::move(split));
  set_constant_input(graph, added, 1, "split", parts);
  infer_node(graph, added);

  const ValueId list = graph.node(id).outputs[0];
  if (graph.is_output(list)) refuse(graph, id, "makes an output that is a list of tensors");
  for (const Graph::Use& use : graph.uses(list)) {
    const auto place = constant_input(graph, use.node, 1, "place");
    const auto count = std::ssize(parts);
    if (graph.node(use.node).op != "SequenceAt" || !place || place->size() != 1 ||
        (*place)[0] < -count || (*place)[0] >= count) {
      refuse(graph, id, "makes a list of tensors (supported: SequenceAt of a known place)");
    }
    const std::int64_t index = (*place)[0] < 0 ? (*place)[0] + count : (*place)[0];
    graph.remove_input(use.node, 1);
    graph.set_op(use.node, "Identity");
    graph.set_input(use.node, 0, outputs[static_cast<std::size_t>(index)]);
  }
  // Nobody reads the list any more.
  graph.remove_input(id, 1);
  graph.set_op(id, "Identity");
}

}  // namespace quern
