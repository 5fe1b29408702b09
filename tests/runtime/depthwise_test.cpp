#include "quern/runtime/depthwise.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/conv_case.h"

namespace quern {
namespace {

using Kernel = decltype(&quern_depthwise_w8);

Kernel kernel_for(std::int32_t bits) {
  if (bits == 8) return quern_depthwise_w8;
  if (bits == 4) return quern_depthwise_w4;
  return bits == 2 ? quern_depthwise_w2 : quern_depthwise_w1;
}

void expect_formula(test::ConvShape shape, std::uint64_t seed) {
  shape.output_channels = shape.groups = shape.channels;
  const test::ConvCase given(shape, seed);
  const QuernConv& conv = given.conv;
  const test::Codes expected = given.expected();
  const std::vector<std::uint8_t> from = test::pack(given.input);
  const auto scratch_bytes = static_cast<std::size_t>(quern_depthwise_scratch_bytes(&conv));
  for (const std::int32_t split : {0, conv.output.height / 2}) {
    std::vector<std::uint8_t> to(test::buffer_bytes(conv.output), 0xa5);
    std::vector<std::int32_t> scratch(scratch_bytes / 4);
    const Kernel kernel = kernel_for(conv.weights.bits);
    kernel(&conv, from.data(), to.data(), scratch.data(), 0, split);
    kernel(&conv, from.data(), to.data(), scratch.data(), split, conv.output.height);
    EXPECT_EQ(test::unpack(conv.output, to).values, expected.values)
        << to_string(shape) << ", split at row " << split;
  }
}

TEST(Depthwise, EqualsTheFormulaForAllBits) {
  for (const std::int32_t weight_bits : {8, 4, 2, 1}) {
    for (const std::int32_t input_bits : {8, 4, 2}) {
      for (const std::int32_t output_bits : {8, 4, 2}) {
        expect_formula({.channels = 6,
                        .weight_bits = weight_bits,
                        .input_bits = input_bits,
                        .output_bits = output_bits},
                       1);
      }
    }
  }
}

TEST(Depthwise, EqualsTheFormulaForEveryNumberOfChannels) {
  for (const std::int32_t channels : {1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 65}) {
    for (const std::int32_t bits : {8, 4}) {
      expect_formula({.channels = channels, .weight_bits = bits}, 2);
    }
  }
}

TEST(Depthwise, EqualsTheFormulaForWindowsOfEveryKind) {
  for (const std::int32_t bits : {8, 2}) {
    expect_formula({.height = 9, .width = 8, .stride = 2, .top = 0, .left = 0, .weight_bits = bits},
                   3);
    expect_formula({.height = 9, .width = 10, .dilation = 3, .top = 3, .right = 4}, 4);
    expect_formula({.kernel_height = 1, .kernel_width = 1, .top = 0, .left = 0, .bottom = 0}, 5);
    expect_formula({.height = 8, .width = 8, .kernel_height = 5, .kernel_width = 4, .top = 2}, 6);
  }
}

TEST(Depthwise, TakesEveryRequantization) {
  for (const QuernRounding rounding : {kQuernNearest, kQuernFloor, kQuernThresholds}) {
    for (const bool per_channel : {true, false}) {
      expect_formula({.output_bits = 4, .rounding = rounding, .per_channel = per_channel}, 7);
    }
  }
}

TEST(Depthwise, TakesWeightsOffCentreAndUnusedBytes) {
  for (const std::int32_t bits : {8, 4, 2}) {
    expect_formula({.channels = 5, .weight_bits = bits, .asymmetric = true, .unused_bytes = 2}, 8);
  }
}

TEST(Depthwise, ReadsRowsInRotation) {
  const test::ConvCase given({.height = 9, .channels = 4, .output_channels = 4, .groups = 4}, 9);
  QuernConv conv = given.conv;
  conv.input.rows = 4;
  std::vector<std::uint8_t> from(test::buffer_bytes(conv.input));
  std::vector<std::uint8_t> to(test::buffer_bytes(conv.output));
  std::vector<std::int32_t> scratch(static_cast<std::size_t>(quern_depthwise_scratch_bytes(&conv)) /
                                    4);
  const std::vector<std::uint8_t> whole = test::pack(given.input);
  for (std::int32_t y = 0; y < conv.output.height; ++y) {
    for (std::int32_t row = std::max(0, y - 1); row < std::min(9, y + 2); ++row) {
      std::copy_n(whole.data() + row * conv.input.row_bytes, conv.input.row_bytes,
                  from.data() + quern_row(&conv.input, row));
    }
    quern_depthwise_w8(&conv, from.data(), to.data(), scratch.data(), y, y + 1);
  }
  EXPECT_EQ(test::unpack(conv.output, to).values, given.expected().values);
}

}  // namespace
}  // namespace quern
