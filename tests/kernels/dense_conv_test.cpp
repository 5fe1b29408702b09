#include "quern/kernels/dense_conv.h"

#include <gtest/gtest.h>

#include "tests/kernels/conv_formula.h"

namespace quern {
namespace {

TEST(DenseConv, IsTheSumOfItsFormula) {
  for (const std::int64_t kernel : {1, 2, 3, 5}) {
    for (const std::int64_t stride : {1, 2, 3}) {
      for (const std::int64_t pad : {0, 1, 2}) {
        test::expect_formula(ConvKind::kDense,
                             {.images = 2,
                              .channels = 3,
                              .out_channels = 17,
                              .kernel = {kernel, 3},
                              .strides = {stride, 2},
                              .pads = {pad, 1},
                              .input = {12, 9}},
                             false);
      }
    }
  }
}

TEST(DenseConv, CutsTallImagesIntoBands) {
  test::expect_formula(
      ConvKind::kDense,
      {.channels = 2, .out_channels = 4, .kernel = {3, 3}, .pads = {1, 1}, .input = {67, 5}},
      false);
}

}  // namespace
}  // namespace quern
