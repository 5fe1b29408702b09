#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;
using Integers = std::vector<std::int64_t>;

struct Case {
  const char* what;
  const char* input;
  Shape weight;
  std::int64_t group;
  Integers strides;
  Integers pads;
  Integers dilations;
  const char* output;
  std::int64_t macs;
};

OneOp conv(const Case& given) {
  OneOp op("Conv");
  op.input(given.input).weight(given.weight).with("group", given.group);
  if (!given.strides.empty()) op.with("strides", given.strides);
  if (!given.pads.empty()) op.with("pads", given.pads);
  if (!given.dilations.empty()) op.with("dilations", given.dilations);
  return op;
}

TEST(Conv, HasShapeAndCost) {
  const Case cases[] = {
      {"pointwise", "N 3 8 8", {4, 3, 1, 1}, 1, {}, {}, {}, "[N, 4, 8, 8]", 4 * 64 * 3},
      {"same 3x3", "2 3 8 6", {4, 3, 3, 3}, 1, {}, {1, 1, 1, 1}, {}, "[2, 4, 8, 6]", 4 * 48 * 27},
      {"stride 2 of an odd extent",
       "N 3 9 7",
       {4, 3, 3, 3},
       1,
       {2, 2},
       {1, 1, 1, 1},
       {},
       "[N, 4, 5, 4]",
       4 * 20 * 27},
      {"stride 2 of an even extent",
       "N 3 8 8",
       {4, 3, 3, 3},
       1,
       {2, 2},
       {1, 1, 1, 1},
       {},
       "[N, 4, 4, 4]",
       4 * 16 * 27},
      {"asymmetric pads",
       "N 3 8 8",
       {4, 3, 3, 3},
       1,
       {2, 2},
       {0, 0, 1, 1},
       {},
       "[N, 4, 4, 4]",
       4 * 16 * 27},
      {"uneven strides and kernel",
       "N 1 10 10",
       {2, 1, 1, 5},
       1,
       {3, 2},
       {0, 2, 0, 2},
       {},
       "[N, 2, 4, 5]",
       2 * 20 * 5},
      {"dilated", "N 3 9 9", {4, 3, 3, 3}, 1, {}, {}, {2, 3}, "[N, 4, 5, 3]", 4 * 15 * 27},
      {"depthwise", "N 6 8 8", {6, 1, 3, 3}, 6, {}, {1, 1, 1, 1}, {}, "[N, 6, 8, 8]", 6 * 64 * 9},
      {"grouped", "N 6 4 4", {4, 3, 1, 1}, 2, {}, {}, {}, "[N, 4, 4, 4]", 4 * 16 * 3},
      {"free extents", "N 3 H W", {4, 3, 3, 3}, 1, {2, 2}, {}, {}, "[N, 4, ?, ?]", 4 * 27},
  };
  for (const Case& given : cases) {
    SCOPED_TRACE(given.what);
    EXPECT_EQ(conv(given).shape(), given.output);
    EXPECT_EQ(conv(given).macs(), given.macs);
  }
}

TEST(Conv, TakesABias) {
  EXPECT_EQ(OneOp("Conv").input("N 3 8 8").weight({4, 3, 1, 1}).weight({4}).shape(),
            "[N, 4, 8, 8]");
  EXPECT_EQ(OneOp("Conv").input("N 3 8 8").weight({4, 3, 1, 1}).weight({3}).error(),
            "layer 'x': Conv reads 'constant2' of shape [3], expected [4]");
}

TEST(Conv, RefusesChannelsThatDisagree) {
  EXPECT_THAT(OneOp("Conv").input("N 5 8 8").weight({4, 3, 1, 1}).error(),
              HasSubstr("layer 'x': the weight of Conv is [4, 3, 1, 1] in 1 groups, expected 3 "
                        "input channels, got [N, 5, 8, 8]"));
  EXPECT_THAT(OneOp("Conv").input("N 6 8 8").weight({4, 2, 1, 1}).with("group", 3L).error(),
              HasSubstr("4 output channels do not divide into 3 groups"));
  EXPECT_THAT(OneOp("Conv").input("N 6 8 8").weight({4, 2, 1, 1}).with("group", 0L).error(),
              HasSubstr("group of Conv must be at least 1, got 0"));
}

TEST(Conv, RefusesOtherRanks) {
  EXPECT_THAT(OneOp("Conv").input("N 3 8").weight({4, 3, 1}).error(ErrorCode::kUnsupported),
              HasSubstr("the input of Conv is [N, 3, 8] (supported: 2-D, [N, C, H, W])"));
  EXPECT_THAT(OneOp("Conv").input("N 3 8 8").weight({4, 3, 1}).error(ErrorCode::kUnsupported),
              HasSubstr("the weight of Conv is [4, 3, 1] (supported: 2-D"));
}

TEST(Conv, RefusesMixedTypes) {
  OneOp op("Conv");
  op.input("N 3 8 8").constant(Tensor(DType::kFloat64, {4, 3, 1, 1}));
  EXPECT_THAT(op.error(), HasSubstr("of type float32 together with 'constant1' of type float64"));
}

TEST(Conv, LeavesAnUnknownInputUnknown) {
  OneOp op("Conv");
  op.unknown_input().weight({4, 3, 1, 1});
  EXPECT_EQ(op.shape(), "unknown");
  EXPECT_EQ(op.macs(), 0);
}

}  // namespace
}  // namespace quern
