#include "quern/analysis/layer_groups.h"

#include <algorithm>
#include <map>

#include "quern/analysis/dataflow.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

/// The constant at input `position`, looking through its Quant, and that Quant's grid.
struct Operand {
  std::optional<ValueId> constant;
  QuantizerId grid;
};

Operand operand(const Graph& graph, const Node& node, std::size_t position) {
  if (node.inputs.size() <= position || !node.inputs[position]) return {};
  const ValueId read = node.inputs[position];
  if (graph.constant_behind(read) == nullptr) return {};
  const Node* quant = graph.quant_of(read);
  if (quant == nullptr) return {read, {}};
  return {quant->inputs[0], quant->quantizer};
}

/// Whether a node goes with the layer whose value it alone reads.
bool follows(const Graph& graph, const Node& node) {
  const QuantRole role = quant_role(graph, node);
  return role == QuantRole::kAffine || role == QuantRole::kActivation || role == QuantRole::kQuant;
}

class Grouping {
 public:
  explicit Grouping(const Graph& graph) : graph_(graph) {}

  std::vector<LayerGroup> run() && {
    for (const NodeId id : graph_.nodes()) {
      const Node& node = graph_.node(id);
      const std::vector<std::size_t> positions = activation_inputs(graph_, node);
      if (positions.empty()) continue;  // The Quant of a constant.
      const auto open = open_group(node, positions);
      if (open) {
        append(groups_[*open], *open, node);
      } else {
        start(node, positions);
      }
    }
    return std::move(groups_);
  }

 private:
  /// The group that `node` goes on with: nothing else reads that group's output.
  std::optional<std::size_t> open_group(const Node& node,
                                        const std::vector<std::size_t>& positions) const {
    if (positions.size() != 1 || !follows(graph_, node)) return std::nullopt;
    const ValueId input = node.inputs[positions.front()];
    const auto found = group_of_.find(input);
    if (found == group_of_.end() || graph_.use_count(input) != 1) return std::nullopt;
    // One group, one grid: a second Quant says something of its own.
    if (groups_[found->second].output_grid) return std::nullopt;
    return found->second;
  }

  void start(const Node& node, const std::vector<std::size_t>& positions) {
    LayerGroup group{.layer = node.layer, .op = node.op};
    for (const std::size_t position : positions) {
      const ValueId input = node.inputs[position];
      if (std::ranges::find(group.inputs, input) == group.inputs.end()) {
        group.inputs.push_back(input);
      }
    }
    if (has_weight(graph_, node)) {
      const Operand weight = operand(graph_, node, 1);
      group.weight = weight.constant;
      group.weight_grid = weight.grid;
      group.bias = operand(graph_, node, 2).constant;
    }
    groups_.push_back(std::move(group));
    append(groups_.back(), groups_.size() - 1, node);
  }

  void append(LayerGroup& group, std::size_t index, const Node& node) {
    group.nodes.push_back(node.id);
    if (node.outputs.size() > 1) return;
    group.output = node.outputs.at(0);
    group_of_[node.outputs[0]] = index;
    if (node.op == "Quant") group.output_grid = node.quantizer;
  }

  const Graph& graph_;
  std::vector<LayerGroup> groups_;
  std::map<ValueId, std::size_t> group_of_;  ///< Of outputs so far.
};

}  // namespace

std::vector<LayerGroup> layer_groups(const Graph& graph) { return Grouping(graph).run(); }

}  // namespace quern
