#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

TEST(Arithmetic, Broadcasts) {
  for (const char* op : {"Add", "Sub", "Mul", "Div"}) {
    SCOPED_TRACE(op);
    EXPECT_EQ(OneOp(op).input("N 3 8 8").input("N 3 8 8").shape(), "[N, 3, 8, 8]");
    EXPECT_EQ(OneOp(op).input("N 3 8 8").weight({1, 3, 1, 1}).shape(), "[N, 3, 8, 8]");
    EXPECT_EQ(OneOp(op).weight({}).input("N 3").shape(), "[N, 3]");
    EXPECT_EQ(OneOp(op).input("N 3").unknown_input().shape(), "unknown");
    EXPECT_THAT(OneOp(op).input("N 3 8 8").input("N 4 8 8").error(),
                HasSubstr("do not broadcast: [N, 3, 8, 8] and [N, 4, 8, 8]"));
    EXPECT_THAT(OneOp(op).input("N 3").input("N 3", DType::kInt64).error(),
                HasSubstr("of type float32 together with 'in1' of type int64"));
  }
}

TEST(Arithmetic, IsAffineBesideAConstant) {
  for (const char* op : {"Add", "Sub", "Mul", "Div"}) {
    EXPECT_EQ(OneOp(op).input("N 3 8 8").weight({3, 1, 1}).role(), QuantRole::kAffine) << op;
    EXPECT_EQ(OneOp(op).weight({3, 1, 1}).input("N 3 8 8").role(), QuantRole::kAffine) << op;
  }
}

TEST(Arithmetic, JoinsTwoActivationsOnlyWhereItAdds) {
  for (const char* op : {"Add", "Sub"}) {
    EXPECT_EQ(OneOp(op).input("N 3").input("N 3").role(), QuantRole::kJoin) << op;
  }
  for (const char* op : {"Mul", "Div"}) {
    EXPECT_EQ(OneOp(op).input("N 3").input("N 3").role(), QuantRole::kFloat) << op;
  }
}

}  // namespace
}  // namespace quern
