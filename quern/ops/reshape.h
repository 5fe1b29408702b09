#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// The constant target (of a Reshape without allowzero) that stands for a node's inferred output:
/// 0 where the batch or a free extent stays on its axis, −1 for a free one that does not. So it
/// serves any batch and needs no nodes that compute it. None where two extents would be −1.
std::optional<std::vector<std::int64_t>> constant_reshape_target(const Graph& graph,
                                                                 const Node& node);

}  // namespace quern
