#pragma once

#include <cstddef>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/quant/rules.h"

namespace quern {

/// How values flow from layer to layer, as quantization sees it: which inputs are activations,
/// which layer a value comes from, and on which grids it lies.

/// Positions of the inputs that are computed, that is, neither omitted nor constant nor the Quant
/// of a constant.
std::vector<std::size_t> activation_inputs(const Graph& graph, const Node& node);

/// Whether input 1 of a kCompute node is a constant, quantized or not.
bool has_weight(const Graph& graph, const Node& node);

/// The axis of the weight that counts output channels: Conv 0, ConvTranspose 1, Gemm 0 or 1 by its
/// transB, MatMul the last.
int weight_channel_axis(const Graph& graph, const Node& node);

/// The node whose arithmetic gave `value`: a compute layer, a join, a pool, looking back through
/// batch norms, activations, moves and Quants. Null where that is a graph input or a constant.
const Node* source_layer(const Graph& graph, ValueId value);

/// The graph input behind `value` where source_layer is null; none for a constant.
ValueId source_input(const Graph& graph, ValueId value);

/// The Quant nodes on whose grids the elements of `value` lie, looking back through ops that only
/// move elements and through concats; in order of discovery, without repetitions. Empty if any
/// element comes from elsewhere.
std::vector<NodeId> grids_of(const Graph& graph, ValueId value);

/// Whether the node turns the network's answer into probabilities or a class (Softmax, Sigmoid, …)
/// and nothing else reads it: its own output needs no grid.
bool is_readout(const Graph& graph, const Node& node);

/// Whether the network's first output has been through a Softmax, so that no other is due.
bool gives_probabilities(const Graph& graph);

/// Refuses a network whose first output is known to be something else than float32 of two axes.
/// @throws Error(kUnsupported) naming the output, expected logits [N, classes].
void check_is_logits(const Graph& graph);

/// What a rule can match on, except `first` and `last`.
RuleSubject rule_subject(const Graph& graph, const Node& node);

}  // namespace quern
