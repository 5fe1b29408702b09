#include "quern/quantizers/pointwise_kernels.h"

#include <gmock/gmock.h>

#include <vector>

namespace quern {
namespace {

TEST(PointwiseKernel, CopiesWhenThereIsNothingToDo) {
  const std::vector<float> x = {1, -2, 3};
  for (const Isa isa : available_isas()) {
    std::vector<float> y(3);
    pointwise_kernel(isa)({.period = 2}, x.data(), y.data(), 3);
    EXPECT_EQ(y, x) << name(isa);
  }
}

TEST(PointwiseKernel, RepeatsItsParameters) {
  const std::vector<float> x = {1, 2, 3, 4, 5};
  const std::vector<float> multiplier = {2, -1};
  const std::vector<float> offset = {0.5F, 0};
  for (const Isa isa : available_isas()) {
    std::vector<float> y(5);
    pointwise_kernel(isa)({.period = 2, .multiplier = multiplier.data(), .offset = offset.data()},
                          x.data(), y.data(), 5);
    EXPECT_THAT(y, testing::ElementsAre(2.5F, -2, 6.5F, -4, 10.5F)) << name(isa);
  }
}

TEST(PointwiseKernel, RoundsGridsOfItsOwnKindOnly) {
  EXPECT_TRUE(kernel_rounds({.bits = 8}));
  EXPECT_TRUE(kernel_rounds({.bits = 23}));
  EXPECT_TRUE(kernel_rounds({.bits = 22, .is_signed = false}));
  EXPECT_FALSE(kernel_rounds({.bits = 24}));
  EXPECT_FALSE(kernel_rounds({.bits = 23, .is_signed = false}));
  EXPECT_FALSE(kernel_rounds({.bits = 1}));
  EXPECT_FALSE(kernel_rounds({.bits = 8, .rounding = Rounding::kFloor}));
}

}  // namespace
}  // namespace quern
