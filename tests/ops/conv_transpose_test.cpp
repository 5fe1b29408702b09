#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;
using Integers = std::vector<std::int64_t>;

OneOp doubling(const char* input, Shape weight, std::int64_t group) {
  OneOp op("ConvTranspose");
  op.input(input).weight(std::move(weight)).with("group", group);
  op.with("strides", Integers{2, 2});
  return op;
}

TEST(ConvTranspose, HasShapeAndCost) {
  EXPECT_EQ(doubling("N 6 5 7", {6, 4, 2, 2}, 1).shape(), "[N, 4, 10, 14]");
  EXPECT_EQ(doubling("N 6 5 7", {6, 4, 2, 2}, 1).macs(), 6 * 35 * 4 * 4);
  EXPECT_EQ(doubling("N 6 5 7", {6, 2, 3, 3}, 2).shape(), "[N, 4, 11, 15]");
  EXPECT_EQ(doubling("N 6 5 7", {6, 2, 3, 3}, 2).macs(), 6 * 35 * 2 * 9);
  EXPECT_EQ(doubling("N 6 H W", {6, 4, 2, 2}, 1).shape(), "[N, 4, ?, ?]");
  EXPECT_EQ(OneOp("ConvTranspose").unknown_input().weight({6, 4, 2, 2}).shape(), "unknown");
}

TEST(ConvTranspose, TakesABiasOfTheOutputChannels) {
  EXPECT_EQ(doubling("N 6 5 7", {6, 2, 2, 2}, 2).weight({4}).shape(), "[N, 4, 10, 14]");
  EXPECT_THAT(doubling("N 6 5 7", {6, 2, 2, 2}, 2).weight({2}).error(),
              HasSubstr("of shape [2], expected [4]"));
}

TEST(ConvTranspose, RefusesChannelsThatDisagree) {
  EXPECT_THAT(doubling("N 5 8 8", {6, 4, 2, 2}, 1).error(),
              HasSubstr("the weight of ConvTranspose is [6, 4, 2, 2], expected [5, …] for an input "
                        "of shape [N, 5, 8, 8]"));
  EXPECT_THAT(doubling("N 6 8 8", {6, 4, 2, 2}, 4).error(),
              HasSubstr("6 input channels do not divide into 4 groups"));
}

TEST(ConvTranspose, NeedsAFixedExtentForAnOutputShape) {
  EXPECT_THAT(doubling("N 6 H W", {6, 4, 2, 2}, 1)
                  .with("output_shape", Integers{9, 9})
                  .error(ErrorCode::kUnsupported),
              HasSubstr("the padding of ConvTranspose follows from the extent"));
}

}  // namespace
}  // namespace quern
