#include "quern/kernels/pointwise_conv.h"

#include <gtest/gtest.h>

#include "tests/kernels/conv_formula.h"

namespace quern {
namespace {

TEST(PointwiseConv, IsTheProductOfItsFormula) {
  for (const auto& [in, out] : {std::pair{1, 1}, {8, 16}, {16, 8}, {24, 40}, {7, 13}, {33, 5}}) {
    test::expect_formula(ConvKind::kPointwise,
                         {.images = 2, .channels = in, .out_channels = out, .input = {9, 7}}, true);
  }
}

TEST(PointwiseConv, CutsManyPixelsIntoPiecesOfTiles) {
  test::expect_formula(ConvKind::kPointwise,
                       {.images = 1, .channels = 2, .out_channels = 3, .input = {131, 401}}, true);
}

TEST(PointwiseConv, LeavesOutTheInputsGradientWhereNobodyAsks) {
  test::expect_formula(ConvKind::kPointwise, {.channels = 8, .out_channels = 8, .input = {5, 5}},
                       false);
}

}  // namespace
}  // namespace quern
