#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/quant/spec.h"

namespace quern {

/// The weights of a layer in the order of the kernels, [channels, depth].
struct IntegerWeights {
  std::int32_t channels = 0;
  std::int32_t depth = 0;
  std::vector<std::int32_t> codes;  ///< Grid's code − zero point.
  std::vector<float> scale;         ///< One, or one per channel.
  std::vector<float> values;        ///< In float, before they were rounded.
  QuantSpec spec;

  /// Width in which they are stored: the smallest of 1, 2, 4 and 8 that holds them (unit: bits).
  std::int32_t stored_bits() const;
};

/// Reads input 1 of a layer with weights.
/// @param position  Where weight k of channel o, in the order of the kernels, lies in the constant.
/// @throws Error(kUnsupported) naming the layer where the weight is on no grid, has more than 8
///         bits, or has scales along another axis than the output channels.
IntegerWeights integer_weights(
    const Graph& graph, const Node& node, std::int32_t channels, std::int32_t depth,
    const std::function<std::int64_t(std::int32_t o, std::int32_t k)>& position);

/// The weights w · factor on one grid for all channels, that of the largest: what folding a batch
/// norm into weights with one scale makes of them. Codes change, since the channels' shares of the
/// one range do.
/// @param factor  One per channel.
IntegerWeights folded(const IntegerWeights& weights, const std::vector<double>& factor);

}  // namespace quern
