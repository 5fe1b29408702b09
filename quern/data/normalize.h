#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "quern/graph/preprocessing.h"

namespace quern {

/// How the values of pictures lie in memory.
enum class Layout : std::uint8_t {
  kNchw,  ///< [pictures, channels, height, width]
  kNhwc,  ///< [pictures, height, width, channels]: LibTorch's channels_last.
};

/// What each of the 256 pixel values becomes in each channel the network reads, in the order of
/// float operations that torchvision uses: scale, subtract, divide.
class Normalization {
 public:
  explicit Normalization(const Preprocessing& how);

  /// One picture: red, green and blue as they lie in `from` become the network's channels as they
  /// are to lie in `to`. @throws Error(kInvalidArgument) if the sizes differ.
  void apply(std::span<const std::uint8_t> from, Layout from_layout, std::span<float> to,
             Layout to_layout) const;

  /// What the pixel values 0 … 255 become in channel `channel` of those that the network reads.
  const std::array<float, 256>& table(std::size_t channel) const { return tables_.at(channel); }

 private:
  std::array<std::array<float, 256>, 3> tables_{};  ///< By the channel that the network reads.
  std::array<std::size_t, 3> source_{};             ///< The channel of RGB that it is read from.
};

}  // namespace quern
