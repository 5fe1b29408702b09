#include "quern/engine/packed_weights.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "quern/base/error.h"

namespace quern {
namespace {

/// Where a weight lies: a word and the lowest of its bits.
struct Slot {
  std::size_t word;
  std::int32_t shift;
};

Slot slot(const PackedWeights& weights, std::int32_t channel, std::int32_t k) {
  const std::int32_t group_channels = weights.channels / weights.groups;
  const std::int32_t pairs = (group_channels + 1) / 2;
  const std::int32_t in_group = channel % group_channels;
  const std::int64_t pair = std::int64_t{channel / group_channels} * pairs + in_group / 2;
  const std::int32_t in_word = 16 / weights.bits;
  const std::int64_t word = pair * words_of_pair(weights.depth, weights.bits) + k / in_word;
  const std::int32_t turn = k % in_word / 2 * 2 + in_group % 2;
  return {static_cast<std::size_t>(word), 16 * (k % 2) + weights.bits * turn};
}

std::uint32_t mask(std::int32_t bits) { return (std::uint32_t{1} << bits) - 1; }

/// The v of a weight.
std::int32_t stored_value(const PackedWeights& weights, std::int32_t channel, std::int32_t k) {
  const Slot place = slot(weights, channel, k);
  const std::uint32_t stored = weights.words[place.word] >> place.shift & mask(weights.bits);
  if (weights.bits == 8) return static_cast<std::int8_t>(stored);
  return static_cast<std::int32_t>(weights.bits == 1 ? 2 * stored : stored);
}

/// What is subtracted from a stored value of a channel with these extremes.
std::int32_t zero_of(std::int32_t smallest, std::int32_t largest, std::int32_t bits,
                     std::int32_t channel) {
  if (bits == 1) {
    // Stored 2 · b with b of 0 or 1: −1 and +1 with a zero of 1, and 0 with a zero of 2.
    if (smallest == 0 && largest == 0) return 2;
    require(smallest >= -1 && largest <= 1 && smallest != 0 && largest != 0,
            "weights of 1 bit are -1 or +1, channel {} has {} to {}", channel, smallest, largest);
    return 1;
  }
  const std::int32_t range = std::int32_t{1} << bits;
  require(std::int64_t{largest} - smallest < range,
          "weights of {} bits span at most {} values, those of channel {} go from {} to {}", bits,
          range, channel, smallest, largest);
  const std::int32_t lowest = bits == 8 ? -128 : 0;
  const std::int32_t usual = range / 2 + lowest;
  const bool is_signed_grid = smallest >= -range / 2 && largest < range / 2;
  const std::int64_t zero = is_signed_grid ? usual : lowest - std::int64_t{smallest};
  require(zero >= INT16_MIN && zero <= INT16_MAX,
          "packed weights lie within 2^15 of 0, those of channel {} go from {} to {}", channel,
          smallest, largest);
  return static_cast<std::int32_t>(zero);
}

}  // namespace

std::int32_t words_of_pair(std::int32_t depth, std::int32_t bits) {
  const std::int32_t in_word = 16 / bits;
  return (depth + in_word - 1) / in_word;
}

std::int64_t word_count(const PackedWeights& weights) {
  const std::int32_t pairs = (weights.channels / weights.groups + 1) / 2;
  return std::int64_t{weights.groups} * pairs * words_of_pair(weights.depth, weights.bits);
}

PackedWeights pack_weights(std::span<const std::int32_t> weights, std::int32_t channels,
                           std::int32_t bits, std::int32_t groups) {
  require(bits == 8 || bits == 4 || bits == 2 || bits == 1,
          "packed weights have 8, 4, 2 or 1 bits, not {}", bits);
  require(channels > 0 && groups > 0 && channels % groups == 0,
          "{} groups do not divide {} channels", groups, channels);
  require(!weights.empty() && weights.size() % static_cast<std::size_t>(channels) == 0,
          "{} weights are not a whole number for each of {} channels", weights.size(), channels);
  PackedWeights packed{.bits = bits, .channels = channels, .groups = groups};
  const std::size_t depth = weights.size() / static_cast<std::size_t>(channels);
  packed.depth = static_cast<std::int32_t>(depth);
  packed.words.resize(static_cast<std::size_t>(word_count(packed)));
  packed.zero.resize(static_cast<std::size_t>(channels));
  for (std::int32_t c = 0; c < channels; ++c) {
    const auto row = weights.subspan(static_cast<std::size_t>(c) * depth, depth);
    const auto [smallest, largest] = std::ranges::minmax(row);
    const std::int32_t zero = zero_of(smallest, largest, bits, c);
    packed.zero[static_cast<std::size_t>(c)] = static_cast<std::int16_t>(zero);
    for (std::int32_t k = 0; k < packed.depth; ++k) {
      const std::int32_t value = row[static_cast<std::size_t>(k)] + zero;
      const auto stored = static_cast<std::uint32_t>(bits == 1 ? value / 2 : value) & mask(bits);
      const Slot place = slot(packed, c, k);
      packed.words[place.word] |= stored << place.shift;
    }
  }
  if (std::ranges::all_of(packed.zero, [](std::int16_t zero) { return zero == 0; })) {
    packed.zero.clear();
  }
  return packed;
}

std::vector<std::int32_t> unpack_weights(const PackedWeights& weights) {
  std::vector<std::int32_t> result;
  result.reserve(static_cast<std::size_t>(std::int64_t{weights.channels} * weights.depth));
  for (std::int32_t c = 0; c < weights.channels; ++c) {
    const std::int32_t zero = weights.zero.empty() ? 0 : weights.zero[static_cast<std::size_t>(c)];
    for (std::int32_t k = 0; k < weights.depth; ++k) {
      result.push_back(stored_value(weights, c, k) - zero);
    }
  }
  return result;
}

std::int64_t magnitude_sum(const PackedWeights& weights, std::int32_t channel) {
  std::int64_t sum = 0;
  for (std::int32_t k = 0; k < weights.depth; ++k) {
    sum += std::abs(stored_value(weights, channel, k));
  }
  return sum;
}

}  // namespace quern
