#pragma once

#include "quern/graph/graph.h"

namespace quern {

/// Refuses values that would take more memory than any network needs, before anything is allocated:
/// for one sample more than 2^28 elements; of those that constants alone decide, more than 2^20 and
/// more than all constants together. Needs inferred shapes; unknown extents count as 1.
/// @throws Error(kUnsupported) naming the layer.
void check_sizes(const Graph& graph);

}  // namespace quern
