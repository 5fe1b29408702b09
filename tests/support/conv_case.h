#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quern/engine/packed_weights.h"
#include "quern/runtime/conv.h"
#include "tests/support/codes.h"

namespace quern::test {

/// What a random convolution looks like.
struct ConvShape {
  std::int32_t height = 5, width = 6, channels = 4;
  std::int32_t output_channels = 4;
  std::int32_t groups = 1;  ///< Packed as one group where they are the channels: depthwise.
  std::int32_t kernel_height = 3, kernel_width = 3;
  std::int32_t stride = 1, dilation = 1;
  std::int32_t top = 1, left = 1, bottom = 1, right = 1;
  std::int32_t weight_bits = 8, input_bits = 8, output_bits = 8;
  QuernRounding rounding = kQuernNearest;
  bool per_channel = true;
  bool asymmetric = false;  ///< Channels of weights whose range does not hold 0 in its middle.
  std::int32_t unused_bytes = 0;  ///< After each pixel and row of both tensors.
};

std::string to_string(const ConvShape& shape);

/// A convolution with random weights, biases and requantization, its input, and what it computes by
/// the formula in quern/runtime/conv.h, element by element.
class ConvCase {
 public:
  ConvCase(const ConvShape& shape, std::uint64_t seed);
  ConvCase(const ConvCase&) = delete;
  ConvCase& operator=(const ConvCase&) = delete;

  QuernConv conv;  ///< Points into this object.
  Codes input;

  Codes expected() const;

 private:
  void make_requantization(std::uint64_t seed);

  ConvShape shape_;
  std::vector<std::int32_t> weights_;  ///< [output channels, depth]
  PackedWeights packed_;
  std::vector<std::int32_t> bias_;
  std::vector<std::int32_t> multiplier_;
  std::vector<std::uint8_t> shift_;
  std::vector<std::int32_t> remainder_;
  std::vector<std::uint8_t> highest_;
  std::vector<std::int32_t> thresholds_;
};

}  // namespace quern::test
