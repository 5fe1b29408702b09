#pragma once

#include <vector>

#include "quern/graph/graph.h"
#include "quern/report/run_report.h"

namespace quern {

/// What differs between a network before and after an algorithm, layer by layer; layers that are
/// the same, or that only one of the two has, are left out. Both are float, or both quantized.
/// @param reference  The network with the float weights that quantized ones are held against.
std::vector<LayerChange> changes_between(const Graph& before, const Graph& after,
                                         const Graph& reference);

}  // namespace quern
