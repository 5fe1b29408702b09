#pragma once

#include <cstddef>
#include <vector>

#include "quern/ptq/internal/weighted_layer.h"

namespace quern::internal {

/// Consecutive nodes of a graph, as what they read and what others read of them.
struct Block {
  std::vector<ValueId> inputs;        ///< Activations, in the order in which they are computed.
  std::vector<ValueId> outputs;       ///< Likewise.
  std::vector<WeightedLayer> layers;  ///< Those with a weight on a grid that is theirs alone.
  std::vector<ScaleId>
      scales;  ///< Of activation grids, one element each, that no earlier node uses.
};

/// Cuts the graph where one value alone leads from what is before to what is behind, as rarely as
/// blocks of at most `max_layers` layers allow, and in front of nodes that leave one number of a
/// whole plane: those are too few to decide the weights behind them. Where no such place is within
/// twice as many layers, the cut is anywhere. Blocks come in order; what has no layer is left out.
std::vector<Block> find_blocks(const Graph& graph, std::size_t max_layers);

/// One layer as a block: its input, and what it computes before anything is rounded.
Block block_of(const Graph& graph, const WeightedLayer& layer);

}  // namespace quern::internal
