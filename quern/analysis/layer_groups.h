#pragma once

#include <optional>
#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// Nodes that a reader thinks of as one layer: what computes, with the batch norms, activation and
/// Quant behind it that nothing else comes between.
struct LayerGroup {
  std::string layer;  ///< Of the first node.
  std::string op;     ///< Of the first node: "Conv", "Add"; "Quant" where a Quant stands alone.
  std::vector<NodeId> nodes;      ///< In order; the Quants of constants belong to none.
  std::vector<ValueId> inputs;    ///< Activations that it reads from outside, without repetitions.
  std::optional<ValueId> output;  ///< None where the first node has several.
  std::optional<ValueId> weight;  ///< The constant, in front of its Quant.
  std::optional<ValueId> bias;    ///< Likewise.
  QuantizerId weight_grid;        ///< None where the weight stays float.
  QuantizerId output_grid;        ///< Of its last node; none where the output stays float.

  bool is_quantized() const { return weight_grid || output_grid; }
};

/// Every computed node of the graph in one group; groups in schedule order.
std::vector<LayerGroup> layer_groups(const Graph& graph);

}  // namespace quern
