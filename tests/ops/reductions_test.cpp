#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using Integers = std::vector<std::int64_t>;

std::string reduced(const Integers& axes, std::int64_t keepdims) {
  return OneOp("ReduceMean").input("N 3 8 9").with("axes", axes).with("keepdims", keepdims).shape();
}

TEST(ReduceMean, KeepsOrDropsTheAxes) {
  EXPECT_EQ(reduced({2, 3}, 1), "[N, 3, 1, 1]");
  EXPECT_EQ(reduced({-1, -2}, 0), "[N, 3]");
  EXPECT_EQ(reduced({1}, 1), "[N, 1, 8, 9]");
  EXPECT_EQ(reduced({}, 1), "[1, 1, 1, 1]");
  EXPECT_EQ(OneOp("ReduceMean").input("N 3").with("keepdims", 0L).shape(), "[]");
  EXPECT_EQ(OneOp("ReduceMean").unknown_input().shape(), "unknown");
}

TEST(ReduceMean, RefusesAnAxisOutside) {
  EXPECT_THAT(OneOp("ReduceMean").input("N 3").with("axes", Integers{2}).error(),
              testing::HasSubstr("ReduceMean names axis 2 of a value with 2 axes"));
}

}  // namespace
}  // namespace quern
