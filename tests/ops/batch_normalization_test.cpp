#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

OneOp batchnorm(const char* input, std::int64_t channels) {
  OneOp op("BatchNormalization");
  op.input(input);
  for (int i = 0; i < 4; ++i) op.weight({channels});
  return op;
}

TEST(BatchNormalization, KeepsTheShape) {
  EXPECT_EQ(batchnorm("N 3 8 W", 3).shape(), "[N, 3, 8, W]");
  EXPECT_EQ(batchnorm("N 3", 3).shape(), "[N, 3]");
  EXPECT_EQ(batchnorm("N 3", 3).role(), QuantRole::kAffine);
}

TEST(BatchNormalization, RefusesChannelsThatDisagree) {
  EXPECT_THAT(batchnorm("N 3 8 8", 4).error(), HasSubstr("of shape [4], expected [3]"));
  EXPECT_THAT(batchnorm("3", 3).error(), HasSubstr("is [3], expected [N, C, …]"));
}

TEST(BatchNormalization, RefusesTrainingMode) {
  EXPECT_THAT(batchnorm("N 3", 3).with("training_mode", 1L).error(ErrorCode::kUnsupported),
              HasSubstr("BatchNormalization is in training mode"));
}

}  // namespace
}  // namespace quern
