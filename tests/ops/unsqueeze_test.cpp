#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

TEST(Unsqueeze, AddsAxes) {
  EXPECT_EQ(OneOp("Unsqueeze").input("N 8").integers({2, -1}).shape(), "[N, 8, 1, 1]");
  EXPECT_EQ(OneOp("Unsqueeze").input("N 8").integers({0}).shape(), "[1, N, 8]");
  EXPECT_EQ(OneOp("Unsqueeze").unknown_input().integers({0}).shape(), "unknown");
}

TEST(Unsqueeze, RefusesWhatIsWrong) {
  EXPECT_THAT(OneOp("Unsqueeze").input("8").integers({0, 0}).error(),
              HasSubstr("Unsqueeze names axis 0 twice"));
  EXPECT_THAT(OneOp("Unsqueeze").input("8").integers({2}).error(), HasSubstr("names axis 2"));
  EXPECT_THAT(
      OneOp("Unsqueeze").input("8").input("1", DType::kInt64).error(ErrorCode::kUnsupported),
      HasSubstr("the axes 'in1' of Unsqueeze are not constant"));
}

}  // namespace
}  // namespace quern
