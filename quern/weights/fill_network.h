#pragma once

#include <vector>

#include "quern/weights/weighted_layers.h"

namespace quern {

struct FillReport {
  std::size_t layers = 0;
  std::size_t batchnorms = 0;  ///< Filled.
  std::size_t folded = 0;      ///< Replaced by a bias, since the file's are folded.
};

/// Writes `weights` into the layers of a network, in the network's order: `layers` are
/// weighted_layers(graph), of the same shapes. The function becomes that of the weights: a batch
/// norm that they lack is replaced by their bias, a bias that they lack goes.
/// @throws Error(kUnsupported) naming a layer whose batch norm has no place in the network;
///         Error(kParse) if a number is not finite.
FillReport fill_network(Graph& graph, const std::vector<WeightedLayer>& layers,
                        const std::vector<LayerWeights>& weights);

}  // namespace quern
