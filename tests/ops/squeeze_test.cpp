#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

TEST(Squeeze, RemovesAxes) {
  EXPECT_EQ(OneOp("Squeeze").input("N 8 1 1").integers({2, -1}).shape(), "[N, 8]");
  EXPECT_EQ(OneOp("Squeeze").input("1 8 1").shape(), "[8]");
  EXPECT_EQ(OneOp("Squeeze").input("N 8").integers({0}).shape(), "[8]");
  EXPECT_EQ(OneOp("Squeeze").unknown_input().shape(), "unknown");
}

TEST(Squeeze, RefusesWhatIsWrong) {
  EXPECT_THAT(OneOp("Squeeze").input("N 8 1").integers({1}).error(),
              HasSubstr("Squeeze removes axis 1 of [N, 8, 1]"));
  EXPECT_THAT(OneOp("Squeeze").input("N 8").integers({2}).error(), HasSubstr("names axis 2"));
  EXPECT_THAT(OneOp("Squeeze").input("N 8 1").error(ErrorCode::kUnsupported),
              HasSubstr("Squeeze names no axes, and its input [N, 8, 1] has a free extent"));
  EXPECT_THAT(OneOp("Squeeze").input("8").input("1", DType::kInt64).error(ErrorCode::kUnsupported),
              HasSubstr("the axes 'in1' of Squeeze are not constant"));
}

}  // namespace
}  // namespace quern
