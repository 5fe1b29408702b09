#include "quern/kernels/conv_kernel.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(ConvKernel, TakesPointwiseConvolutionsOfFewWeights) {
  const ConvShape shape{.channels = 128, .out_channels = 256};
  EXPECT_EQ(conv_kind(shape, true), ConvKind::kPointwise);
  EXPECT_FALSE(conv_kind({.channels = 129, .out_channels = 256}, true));
  EXPECT_FALSE(conv_kind({.channels = 8, .out_channels = 8, .groups = 2}, true));
  EXPECT_FALSE(conv_kind({.channels = 8, .out_channels = 8, .strides = {2, 2}}, true));
  EXPECT_FALSE(conv_kind({.channels = 8, .out_channels = 8, .pads = {1, 0}}, true));
}

TEST(ConvKernel, TakesDepthwiseConvolutionsOfTwoKernelSizes) {
  ConvShape shape{.channels = 8, .out_channels = 8, .groups = 8, .kernel = {3, 3}, .pads = {1, 1}};
  EXPECT_EQ(conv_kind(shape, true), ConvKind::kDepthwise);
  shape.kernel = {5, 5};
  EXPECT_EQ(conv_kind(shape, true), ConvKind::kDepthwise);
  shape.pads = {1, 5};
  EXPECT_FALSE(conv_kind(shape, true));
  shape.pads = {1, 1};
  shape.kernel = {3, 5};
  EXPECT_FALSE(conv_kind(shape, true));
  EXPECT_FALSE(conv_kind(
      {.channels = 8, .out_channels = 16, .groups = 8, .kernel = {3, 3}, .pads = {1, 1}}, true));
}

TEST(ConvKernel, TakesDenseConvolutionsThatNeedNoGradientByTheirInput) {
  const ConvShape shape{.channels = 3, .out_channels = 32, .kernel = {3, 3}, .strides = {2, 2}};
  EXPECT_EQ(conv_kind(shape, false), ConvKind::kDense);
  EXPECT_FALSE(conv_kind(shape, true));
  EXPECT_FALSE(conv_kind({.channels = 512, .out_channels = 32, .kernel = {3, 3}}, false));
}

}  // namespace
}  // namespace quern
