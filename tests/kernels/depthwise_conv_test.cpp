#include "quern/kernels/depthwise_conv.h"

#include <gtest/gtest.h>

#include "tests/kernels/conv_formula.h"

namespace quern {
namespace {

ConvShape depthwise(std::int64_t channels, std::int64_t kernel, std::int64_t stride,
                    std::int64_t pad) {
  return {.images = 2,
          .channels = channels,
          .out_channels = channels,
          .groups = channels,
          .kernel = {kernel, kernel},
          .strides = {stride, stride},
          .pads = {pad, pad},
          .input = {11, 8}};
}

TEST(DepthwiseConv, IsTheSumOfItsFormula) {
  for (const std::int64_t channels : {2, 16, 37}) {
    for (const std::int64_t kernel : {3, 5}) {
      for (const std::int64_t stride : {1, 2, 3}) {
        for (const std::int64_t pad : {0, 1, 2}) {
          test::expect_formula(ConvKind::kDepthwise, depthwise(channels, kernel, stride, pad),
                               true);
        }
      }
    }
  }
}

TEST(DepthwiseConv, CutsTallImagesIntoBands) {
  ConvShape shape = depthwise(4, 3, 1, 1);
  shape.input = {70, 5};
  test::expect_formula(ConvKind::kDepthwise, shape, true);
  shape.strides = {2, 1};
  test::expect_formula(ConvKind::kDepthwise, shape, true);
}

TEST(DepthwiseConv, LeavesOutTheInputsGradientWhereNobodyAsks) {
  test::expect_formula(ConvKind::kDepthwise, depthwise(8, 3, 1, 1), false);
}

}  // namespace
}  // namespace quern
