#pragma once

#include "quern/graph/graph.h"

namespace quern {

/// Whether a node multiplies each channel, dimension 1, by a positive constant of its own and does
/// nothing else. It changes no sign and no clip, so that a grid may follow it instead of the
/// activation in front of it.
bool has_channel_factors(const Graph& graph, const Node& node);

}  // namespace quern
