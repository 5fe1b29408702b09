#pragma once

#include <vector>

#include "quern/graph/graph.h"

namespace quern::internal {

/// How a node's constants belong to the channels, dimension 1, of what it reads and computes.
/// Vectors have one element per channel.

/// Whether `scale_outputs` can: a Conv, ConvTranspose, Gemm or MatMul with constant weight and
/// bias, a batch norm, a Mul by a constant.
bool has_output_factors(const Graph& graph, const Node& node);

/// Whether `divide_inputs` can: the same layers with weights.
bool has_input_factors(const Graph& graph, const Node& node);

/// An Add of a constant: its output is scaled with its input and that constant.
bool adds_a_constant(const Graph& graph, const Node& node);

/// Multiplies every output channel by a factor, in the node's constants; of an Add the constant
/// alone. A constant that others read, too, is copied.
void scale_outputs(Graph& graph, NodeId node, const std::vector<float>& factors);

/// Divides the weights of every input channel by a factor.
void divide_inputs(Graph& graph, NodeId node, const std::vector<float>& factors);

/// The largest |w| that an input channel is multiplied by.
std::vector<float> input_ranges(const Graph& graph, const Node& node);

/// The largest |w| that an output channel consists of; of a batch norm, of the layer in front of it
/// with the batch norm folded in; of a Mul the |factor|; empty for an Add.
std::vector<float> output_ranges(const Graph& graph, const Node& node);

}  // namespace quern::internal
