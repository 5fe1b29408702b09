#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

TEST(Gather, PutsTheIndicesInPlaceOfTheAxis) {
  EXPECT_EQ(OneOp("Gather").input("N 3 8").integers({0, 2}).with("axis", 1L).shape(), "[N, 2, 8]");
  EXPECT_EQ(OneOp("Gather").input("N 3 8").constant(Tensor::scalar<std::int64_t>(0)).shape(),
            "[3, 8]");
  EXPECT_EQ(OneOp("Gather").input("4").input("2 M", DType::kInt32).shape(), "[2, M]");
  EXPECT_EQ(OneOp("Gather").unknown_input().integers({0}).shape(), "unknown");
}

TEST(Gather, RefusesOtherIndicesAndAxes) {
  EXPECT_THAT(OneOp("Gather").input("4").input("2").error(),
              HasSubstr("of type float32, expected int32 or int64"));
  EXPECT_THAT(OneOp("Gather").input("4").integers({0}).with("axis", 1L).error(),
              HasSubstr("Gather names axis 1 of a value with 1 axes"));
  EXPECT_THAT(OneOp("Gather").input("4").integers({0, -5}).error(),
              HasSubstr("Gather reads element -5 of 4 elements"));
}

}  // namespace
}  // namespace quern
