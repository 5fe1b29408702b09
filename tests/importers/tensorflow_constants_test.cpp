#include "quern/importers/tensorflow_constants.h"

#include <gtest/gtest.h>

namespace quern::tensorflow {
namespace {

const Tensor kVector = Tensor::of<float>({2}, {4, 9});

TEST(TensorflowConstants, ComputesFunctionsOfOneOperand) {
  EXPECT_EQ(fold_constants("Sqrt", {&kVector}), Tensor::of<float>({2}, {2, 3}));
  EXPECT_EQ(fold_constants("Rsqrt", {&kVector}), Tensor::of<float>({2}, {0.5F, 1.0F / 3}));
  EXPECT_EQ(fold_constants("Neg", {&kVector}), Tensor::of<float>({2}, {-4, -9}));
  EXPECT_EQ(fold_constants("Square", {&kVector}), Tensor::of<float>({2}, {16, 81}));
}

TEST(TensorflowConstants, Broadcasts) {
  const Tensor rows = Tensor::of<float>({2, 1, 2}, {1, 2, 3, 4});
  EXPECT_EQ(fold_constants("Sub", {&rows, &kVector}),
            Tensor::of<float>({2, 1, 2}, {-3, -7, -1, -5}));
  EXPECT_EQ(fold_constants("Sub", {&kVector, &rows}), Tensor::of<float>({2, 1, 2}, {3, 7, 1, 5}));
  const Tensor column = Tensor::of<float>({2, 1}, {10, 20});
  const Tensor matrix = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(fold_constants("Mul", {&matrix, &column}), Tensor::of<float>({2, 2}, {10, 20, 60, 80}));
}

TEST(TensorflowConstants, PutsEqualCountsInTheShapeOfMoreAxes) {
  const Tensor channels = Tensor::of<float>({1, 1, 2}, {1, 2});
  EXPECT_EQ(fold_constants("AddV2", {&kVector, &channels}), Tensor::of<float>({1, 1, 2}, {5, 11}));
}

TEST(TensorflowConstants, NeverMakesMoreElementsThanItReads) {
  const Tensor row = Tensor::of<float>({1, 2}, {1, 2});
  const Tensor column = Tensor::of<float>({2, 1}, {1, 2});
  EXPECT_EQ(fold_constants("Mul", {&row, &column}), std::nullopt);
}

TEST(TensorflowConstants, LeavesOtherOpsTypesAndCountsAlone) {
  const Tensor integer = Tensor::scalar(std::int64_t{2});
  EXPECT_EQ(fold_constants("Mul", {&integer, &integer}), std::nullopt);
  EXPECT_EQ(fold_constants("Mul", {&kVector, nullptr}), std::nullopt);
  EXPECT_EQ(fold_constants("Mul", {&kVector}), std::nullopt);
  EXPECT_EQ(fold_constants("Erf", {&kVector}), std::nullopt);
}

}  // namespace
}  // namespace quern::tensorflow
