#pragma once

#include <optional>
#include <vector>

#include "quern/ops/node_view.h"

namespace quern {

/// What a node gives for these inputs, in the order of its own: an op of `elementwise`, or one that
/// exporters compute shapes with (ConstantOfShape, Expand, Range, ReduceMax, ReduceMin and
/// ReduceProd of a vector). None for any other node, for what `elementwise` has no result for, and
/// for more than 4096 elements. Needs the type of the node's output.
std::optional<Tensor> evaluate_node(const NodeView& node, const std::vector<Tensor>& inputs);

}  // namespace quern
