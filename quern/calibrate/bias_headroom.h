#pragma once

#include <set>
#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// Raises scales of weights until every bias fits its grid, whose step is the product of the
/// input's scale and the weight's: that of a channel of zeros, or behind an input of zeros, is so
/// small that the largest code would stand for next to nothing. The bias gets half of the grid, so
/// that an algorithm may still move it. All other scales must be known.
/// @param raisable  Scales that may change.
/// @return          The layers of the quantizers whose scales were raised.
std::vector<std::string> give_biases_headroom(Graph& graph, const std::set<ScaleId>& raisable);

}  // namespace quern
