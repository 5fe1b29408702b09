#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

TEST(Tile, MultipliesExtents) {
  EXPECT_EQ(OneOp("Tile").input("N 3 8").integers({1, 2, 3}).shape(), "[N, 6, 24]");
  EXPECT_EQ(OneOp("Tile").input("N 3").integers({2, 0}).shape(), "[?, 0]");
  EXPECT_EQ(OneOp("Tile").unknown_input().integers({2}).shape(), "unknown");
}

TEST(Tile, RefusesOtherRepeats) {
  EXPECT_THAT(OneOp("Tile").input("N 3").integers({2}).error(),
              HasSubstr("Tile has 1 repeats for an input of shape [N, 3]"));
  EXPECT_THAT(OneOp("Tile").input("3").integers({-2}).error(),
              HasSubstr("Tile repeats an axis -2 times"));
  EXPECT_THAT(OneOp("Tile").input("3").input("1", DType::kInt64).error(ErrorCode::kUnsupported),
              HasSubstr("of Tile are computed from data"));
}

TEST(Tile, RefusesMoreElementsThanAnyNetworkHas) {
  EXPECT_THAT(OneOp("Tile").input("4096 4096").integers({1L << 40, 1L << 40}).error(),
              HasSubstr("has more than"));
}

}  // namespace
}  // namespace quern
