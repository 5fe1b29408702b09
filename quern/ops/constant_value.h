#pragma once

#include <optional>

#include "quern/graph/graph.h"
#include "quern/ops/node_view.h"

namespace quern {

/// What a Constant node holds: its one attribute value, value_int, value_ints, value_float or
/// value_floats. @throws Error(kUnsupported) naming the layer for another kind.
Tensor constant_attribute(const NodeView& node);

/// The tensor behind a constant or the output of a Constant node; none for any other value.
std::optional<Tensor> known_value(const Graph& graph, ValueId value);

/// The first output of a node that needs no run to be known: a Constant; an op that only relabels
/// or moves the elements of a constant (Identity, Dropout, Flatten, Reshape, Squeeze, Unsqueeze,
/// Transpose); a Cast of a constant; or the end of an integer chain as symbolic_integers reads it,
/// of which every element is a number. None for every other node. Needs inferred shapes.
std::optional<Tensor> evaluate_constant(const Graph& graph, const Node& node);

}  // namespace quern
