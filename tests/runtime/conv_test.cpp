#include "quern/runtime/conv.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/conv_case.h"

namespace quern {
namespace {

using Kernel = decltype(&quern_conv_w8);

Kernel kernel_for(std::int32_t bits) {
  if (bits == 8) return quern_conv_w8;
  if (bits == 4) return quern_conv_w4;
  return bits == 2 ? quern_conv_w2 : quern_conv_w1;
}

/// Runs rows 0 to split − 1, then the others; the buffers have exactly the sizes promised.
test::Codes run(const QuernConv& conv, const test::Codes& input, std::int32_t split) {
  const std::vector<std::uint8_t> from = test::pack(input);
  std::vector<std::uint8_t> to(test::buffer_bytes(conv.output), 0xa5);
  std::vector<std::int32_t> scratch(static_cast<std::size_t>(quern_conv_scratch_bytes(&conv) + 3) /
                                    4);
  const Kernel kernel = kernel_for(conv.weights.bits);
  kernel(&conv, from.data(), to.data(), scratch.data(), 0, split);
  kernel(&conv, from.data(), to.data(), scratch.data(), split, conv.output.height);
  return test::unpack(conv.output, to);
}

void expect_formula(const test::ConvShape& shape, std::uint64_t seed) {
  const test::ConvCase given(shape, seed);
  const test::Codes expected = given.expected();
  for (const std::int32_t split : {0, expected.layout.height / 2}) {
    EXPECT_EQ(run(given.conv, given.input, split).values, expected.values)
        << to_string(shape) << ", split at row " << split;
  }
}

TEST(Conv, EqualsTheFormulaForAllBits) {
  for (const std::int32_t weight_bits : {8, 4, 2, 1}) {
    for (const std::int32_t input_bits : {8, 4, 2}) {
      for (const std::int32_t output_bits : {8, 4, 2}) {
        expect_formula({.channels = 5,
                        .output_channels = 7,
                        .weight_bits = weight_bits,
                        .input_bits = input_bits,
                        .output_bits = output_bits},
                       1);
      }
    }
  }
}

TEST(Conv, EqualsTheFormulaForEveryDepthAndWidth) {
  for (const std::int32_t weight_bits : {8, 4, 2, 1}) {
    for (std::int32_t size = 1; size <= 10; ++size) {
      expect_formula({.height = 1,
                      .width = size,
                      .channels = 11 - size,
                      .output_channels = size,
                      .kernel_height = 1,
                      .kernel_width = 1,
                      .top = 0,
                      .left = 0,
                      .bottom = 0,
                      .right = 0,
                      .weight_bits = weight_bits},
                     static_cast<std::uint64_t>(size));
    }
  }
}

TEST(Conv, EqualsTheFormulaForManyChannels) {
  for (const std::int32_t channels : {15, 16, 17, 31, 32, 33, 65}) {
    for (const std::int32_t bits : {8, 2}) {
      expect_formula({.channels = 3, .output_channels = channels, .output_bits = bits}, 15);
      expect_formula({.channels = channels, .output_channels = 3, .weight_bits = bits}, 16);
    }
  }
  expect_formula({.channels = 4, .output_channels = 38, .groups = 2, .output_bits = 4}, 17);
}

TEST(Conv, EqualsTheFormulaForGroups) {
  for (const std::int32_t bits : {8, 4}) {
    expect_formula({.channels = 6, .output_channels = 9, .groups = 3, .weight_bits = bits}, 2);
    expect_formula({.channels = 4, .output_channels = 8, .groups = 4, .output_bits = bits}, 3);
    expect_formula({.channels = 6, .output_channels = 6, .groups = 2, .input_bits = bits}, 4);
  }
}

TEST(Conv, EqualsTheFormulaForWindowsOfEveryKind) {
  expect_formula({.height = 9, .width = 8, .stride = 2, .top = 0, .left = 0}, 5);
  expect_formula({.height = 9, .width = 10, .dilation = 3, .top = 3, .left = 2, .right = 4}, 6);
  expect_formula({.kernel_height = 1, .kernel_width = 5, .top = 0, .left = 4, .bottom = 0}, 7);
  expect_formula({.kernel_height = 5, .kernel_width = 2, .top = 4, .left = 0, .bottom = 4}, 8);
}

TEST(Conv, IsAFullyConnectedLayerWhereTheWindowIsTheInput) {
  expect_formula({.height = 3,
                  .width = 2,
                  .channels = 7,
                  .output_channels = 5,
                  .kernel_height = 3,
                  .kernel_width = 2,
                  .top = 0,
                  .left = 0,
                  .bottom = 0,
                  .right = 0,
                  .output_bits = 32,
                  .rounding = kQuernAccumulator},
                 9);
}

TEST(Conv, TakesEveryRequantization) {
  for (const QuernRounding rounding : {kQuernNearest, kQuernFloor, kQuernThresholds}) {
    for (const bool per_channel : {true, false}) {
      expect_formula({.output_bits = 4, .rounding = rounding, .per_channel = per_channel}, 10);
    }
  }
  expect_formula({.output_bits = 32, .rounding = kQuernFloor}, 11);
}

TEST(Conv, TakesWeightsOffCentre) {
  for (const std::int32_t bits : {8, 4, 2}) {
    expect_formula({.output_channels = 5, .weight_bits = bits, .asymmetric = true}, 12);
  }
}

TEST(Conv, LeavesUnusedBytesAlone) {
  for (const std::int32_t bits : {8, 4}) {
    expect_formula({.input_bits = bits, .output_bits = bits, .unused_bytes = 3}, 13);
  }
}

TEST(Conv, ReadsRowsInRotation) {
  // Three rows of input are held while output rows are computed one by one.
  const test::ConvCase given({.height = 7, .width = 5}, 14);
  const test::Codes expected = given.expected();
  QuernConv conv = given.conv;
  conv.input.rows = 3;
  std::vector<std::uint8_t> from(test::buffer_bytes(conv.input));
  std::vector<std::uint8_t> to(test::buffer_bytes(conv.output));
  std::vector<std::int32_t> scratch(static_cast<std::size_t>(quern_conv_scratch_bytes(&conv)));
  const std::vector<std::uint8_t> whole = test::pack(given.input);
  for (std::int32_t y = 0; y < conv.output.height; ++y) {
    for (std::int32_t row = std::max(0, y - 1); row < std::min(7, y + 2); ++row) {
      std::copy_n(whole.data() + row * conv.input.row_bytes, conv.input.row_bytes,
                  from.data() + quern_row(&conv.input, row));
    }
    quern_conv_w8(&conv, from.data(), to.data(), scratch.data(), y, y + 1);
  }
  EXPECT_EQ(test::unpack(conv.output, to).values, expected.values);
}

}  // namespace
}  // namespace quern
