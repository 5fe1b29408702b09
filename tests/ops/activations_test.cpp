#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

TEST(Activations, KeepTheShape) {
  for (const char* op :
       {"Relu", "LeakyRelu", "Elu", "Clip", "HardSigmoid", "HardSwish", "Sigmoid", "Tanh"}) {
    SCOPED_TRACE(op);
    EXPECT_EQ(OneOp(op).input("N 3 8 W").shape(), "[N, 3, 8, W]");
    EXPECT_EQ(OneOp(op).input("N 3 8 W").role(), QuantRole::kActivation);
    EXPECT_EQ(OneOp(op).input("N 3 8 W").macs(), 0);
    EXPECT_EQ(OneOp(op).unknown_input().shape(), "unknown");
  }
}

TEST(Clip, TakesScalarBounds) {
  EXPECT_EQ(OneOp("Clip").input("N 3").weight({}).weight({1}).shape(), "[N, 3]");
  EXPECT_EQ(OneOp("Clip").input("N 3").omitted().weight({}).shape(), "[N, 3]");
  EXPECT_THAT(OneOp("Clip").input("N 3").weight({3}).error(),
              HasSubstr("of shape [3], expected a scalar"));
  EXPECT_THAT(OneOp("Clip").input("N 3").constant(Tensor(DType::kInt64, {})).error(),
              HasSubstr("together with 'constant1' of type int64"));
}

TEST(PRelu, TakesASlopeThatBroadcastsToTheInput) {
  EXPECT_EQ(OneOp("PRelu").input("N 3 8 8").weight({3, 1, 1}).shape(), "[N, 3, 8, 8]");
  EXPECT_EQ(OneOp("PRelu").input("N 3").weight({}).role(), QuantRole::kActivation);
  EXPECT_THAT(OneOp("PRelu").input("N 3 8 8").weight({4, 1, 1}).error(),
              HasSubstr("PRelu has a slope of shape [4, 1, 1] for an input of shape [N, 3, 8, 8]"));
  EXPECT_THAT(OneOp("PRelu").input("1 3").weight({2, 3}).error(), HasSubstr("a slope of shape"));
  EXPECT_THAT(OneOp("PRelu").input("3").weight({1, 3}).error(), HasSubstr("a slope of shape"));
}

}  // namespace
}  // namespace quern
