#pragma once

#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// A node that quantization leaves in float, wholly or in part.
struct FloatLayer {
  std::string layer;
  std::string op;
  std::string reason;  ///< "it averages in float; a Quant follows it"
};

/// What of a float graph would not quantize, and why; in the order of the nodes.
std::vector<FloatLayer> float_layers(const Graph& graph);

}  // namespace quern
