#include "quern/engine/accumulator_bound.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(AccumulatorBound, OfAConvolutionCountsStoredWeightsZerosAndBias) {
  IntConv conv{.weights = pack_weights(std::vector<std::int32_t>{1, -3, 2, 5, 0, -7}, 2, 8),
               .bias = {-40, 9}};
  EXPECT_EQ(accumulator_bound(conv, 8, 0), 6 * 255 + 40);
  EXPECT_EQ(accumulator_bound(conv, 2, 1), 12 * 3 + 9);
  conv.weights = pack_weights(std::vector<std::int32_t>{-8, 7}, 1, 4);  // Stored 0 and 15, zero 8.
  EXPECT_EQ(accumulator_bound(conv, 4, 0), (15 + 2 * 8) * 15 + 40);
}

TEST(AccumulatorBound, OfOtherOps) {
  EXPECT_EQ(accumulator_bound(IntAveragePool{{3, 3}, {}}, IntTensor{.bits = 8, .zero_point = 128}),
            9 * (255 + 128));
  EXPECT_EQ(accumulator_bound(IntAdd{.factor_a = -10, .factor_b = 20, .bias = -5}, 8, 4),
            2550 + 300 + 5);
  EXPECT_EQ(accumulator_bound(IntAffine{.factor = {1, -2}, .bias = {3, 4}}, 8, 1), 514);
}

}  // namespace
}  // namespace quern
