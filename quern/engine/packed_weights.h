#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quern {

/// Weights in the layout of quern/runtime/weights.h.
struct PackedWeights {
  std::int32_t bits = 8;      ///< 8, 4, 2 or 1.
  std::int32_t channels = 0;  ///< Output channels, all groups together.
  std::int32_t groups = 1;    ///< Channels pair up inside a group. 1 for depthwise weights.
  std::int32_t depth = 0;     ///< Weights of one output channel.
  std::vector<std::uint32_t> words;
  std::vector<std::int16_t> zero;  ///< Per output channel; empty where all are 0.

  bool operator==(const PackedWeights&) const = default;
};

/// 32-bit words of a channel pair: ⌈depth · bits / 16⌉.
std::int32_t words_of_pair(std::int32_t depth, std::int32_t bits);

/// Elements that PackedWeights::words has.
std::int64_t word_count(const PackedWeights& weights);

/// Packs integer weights, [channels, depth]. The zeros are the smallest change of grid that lets
/// every weight of a channel be stored: channels that fit signed 8 bits keep a zero of 0; 4 and 2
/// bits get the zero 2^(bits − 1) where the channel fits a signed grid, else what its smallest
/// weight needs; 1 bit holds −1 and +1, and a channel of zeros.
///
/// @param groups  Divides channels; 1 for depthwise weights.
/// @throws Error(kInvalidArgument) unless bits is 8, 4, 2 or 1, the sizes agree, and the weights of
///         every channel span at most 2^bits values.
PackedWeights pack_weights(std::span<const std::int32_t> weights, std::int32_t channels,
                           std::int32_t bits, std::int32_t groups = 1);

/// The integer weights, [channels, depth]: the inverse of pack_weights.
std::vector<std::int32_t> unpack_weights(const PackedWeights& weights);

/// Σ |v| over the stored values of an output channel.
std::int64_t magnitude_sum(const PackedWeights& weights, std::int32_t channel);

}  // namespace quern
