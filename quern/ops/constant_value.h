#pragma once

#include <optional>

#include "quern/graph/graph.h"
#include "quern/ops/node_view.h"

namespace quern {

/// What a Constant node holds: its one attribute value, value_int, value_ints, value_float or
/// value_floats. @throws Error(kUnsupported) naming the layer for another kind.
Tensor constant_attribute(const NodeView& node);

/// The tensor behind a constant, the output of a Constant node or a chain as known_chain reads it;
/// none for any other value.
std::optional<Tensor> known_value(const Graph& graph, ValueId value);

/// The first output of a node that needs no run to be known: a Constant; an op that only relabels
/// or moves the elements of a constant (Identity, Dropout, Flatten, Reshape, Squeeze, Unsqueeze,
/// Transpose); what evaluate_node makes of constants; or the end of a chain as known_chain reads
/// it. None for every other node. Needs inferred shapes.
std::optional<Tensor> evaluate_constant(const Graph& graph, const Node& node);

}  // namespace quern
