#pragma once

#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// What computes `outputs` from `inputs`, as a graph of its own: names, layers, types and grids are
/// those of `graph`; constants share their bytes.
/// @throws Error(kInvalidArgument) naming an input of `graph` that the outputs need besides.
Graph part(const Graph& graph, const std::vector<ValueId>& inputs,
           const std::vector<ValueId>& outputs);

}  // namespace quern
