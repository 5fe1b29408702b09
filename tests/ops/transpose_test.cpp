#include "quern/ops/transpose.h"

#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;
using Integers = std::vector<std::int64_t>;

TEST(Transpose, ReordersTheAxes) {
  EXPECT_EQ(OneOp("Transpose").input("N 3 8 9").with("perm", Integers{0, 2, 3, 1}).shape(),
            "[N, 8, 9, 3]");
  EXPECT_EQ(OneOp("Transpose").input("N 3 8").shape(), "[8, 3, N]");
  EXPECT_EQ(OneOp("Transpose").unknown_input().shape(), "unknown");
}

TEST(Transpose, TellsItsOrder) {
  OneOp op("Transpose");
  op.input("N 3 8 9").with("perm", Integers{0, 2, 3, -3});
  EXPECT_EQ(axis_order(NodeView(op.graph(), op.node()), 4), (std::vector<std::size_t>{0, 2, 3, 1}));
}

TEST(Transpose, RefusesWhatIsNoPermutation) {
  const auto refusal = [](const Integers& perm) {
    return OneOp("Transpose").input("N 3").with("perm", perm).error();
  };
  EXPECT_THAT(refusal({0}), HasSubstr("perm of Transpose has 1 elements, expected 2"));
  EXPECT_THAT(refusal({1, 1}), HasSubstr("perm of Transpose names axis 1 twice"));
  EXPECT_THAT(refusal({0, 2}), HasSubstr("Transpose names axis 2 of a value with 2 axes"));
}

}  // namespace
}  // namespace quern
