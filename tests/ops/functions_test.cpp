#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;

TEST(Functions, KeepTheShapeAndNeedFloats) {
  for (const char* op :
       {"Abs", "Ceil", "Erf", "Exp", "Floor", "Log", "Neg", "Reciprocal", "Round", "Sqrt"}) {
    OneOp node(op);
    EXPECT_EQ(node.input("N 3 8 8").shape(), "[N, 3, 8, 8]") << op;
    EXPECT_EQ(node.role(), QuantRole::kFloat) << op;
  }
}

}  // namespace
}  // namespace quern
