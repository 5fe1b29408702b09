#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

TEST(Comparisons, GiveTruths) {
  for (const char* op : {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"}) {
    OneOp node(op);
    node.input("N 3").input("3");
    EXPECT_EQ(node.shape(), "[N, 3]") << op;
    EXPECT_EQ(node.dtype(), DType::kBool) << op;
  }
  EXPECT_EQ(OneOp("Not").input("N", DType::kBool).dtype(), DType::kBool);
  EXPECT_THAT(OneOp("Less").input("3").input("3", DType::kInt64).error(),
              HasSubstr("Less reads 'in0' of type float32 together with"));
}

TEST(Where, HasTheTypeOfWhatItChooses) {
  OneOp node("Where");
  node.input("N 1", DType::kBool).input("3", DType::kInt64).input("1", DType::kInt64);
  EXPECT_EQ(node.shape(), "[N, 3]");
  EXPECT_EQ(node.dtype(), DType::kInt64);
  EXPECT_THAT(OneOp("Where").input("N").input("3").input("3").error(),
              HasSubstr("Where reads a condition"));
}

}  // namespace
}  // namespace quern
