#include "quern/tensor/transpose.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(Transposed, MovesEveryElement) {
  const Tensor source = Tensor::of<float>({2, 3}, {0, 1, 2, 10, 11, 12});
  EXPECT_EQ(transposed(source, {1, 0}), Tensor::of<float>({3, 2}, {0, 10, 1, 11, 2, 12}));
}

TEST(Transposed, AxisIOfTheResultIsAxisOrderIOfTheSource) {
  const Tensor source = Tensor::of<std::int8_t>({1, 2, 3}, {0, 1, 2, 3, 4, 5});
  EXPECT_EQ(transposed(source, {2, 0, 1}), Tensor::of<std::int8_t>({3, 1, 2}, {0, 3, 1, 4, 2, 5}));
}

TEST(Transposed, KeepsWhatHasNoAxesOrNoElements) {
  EXPECT_EQ(transposed(Tensor::scalar(3.0F), {}), Tensor::scalar(3.0F));
  EXPECT_EQ(transposed(Tensor(DType::kInt64, {0, 4}), {1, 0}), Tensor(DType::kInt64, {4, 0}));
}

}  // namespace
}  // namespace quern
