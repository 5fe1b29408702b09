#include "quern/quantizers/batchnorm_affine.h"

#include <gmock/gmock.h>

namespace quern {
namespace {

using testing::ElementsAre;

TEST(BatchnormAffine, IsOneFactorAndOneTermPerChannel) {
  const std::vector<float> gamma = {2, -3, 0};
  const std::vector<float> beta = {1, 0.5F, 4};
  const std::vector<float> mean = {5, 2, 7};
  const std::vector<float> variance = {3, 8, 0};
  const ChannelAffine affine = batchnorm_affine(gamma, beta, mean, variance, /*epsilon=*/1);
  EXPECT_THAT(affine.multiplier, ElementsAre(1, -1, 0));
  EXPECT_THAT(affine.offset, ElementsAre(-4, 2.5F, 4));
}

}  // namespace
}  // namespace quern
