#include "quern/ops/index_range.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/ops/one_op.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::OneOp;

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

TEST(SliceRange, ClampsAndCounts) {
  struct Case {
    std::int64_t extent, start, end, step, first, count;
  };
  const Case cases[] = {
      {10, 0, 10, 1, 0, 10},     {10, 2, kLargest, 3, 2, 3},    {10, -3, -1, 1, 7, 2},
      {10, 5, 2, 1, 5, 0},       {10, -99, 99, kLargest, 0, 1}, {10, -1, kLowest, -1, 9, 10},
      {10, 99, 0, -4, 9, 3},     {10, 9, 0, kLowest, 9, 1},     {10, 0, 0, -1, 0, 0},
      {0, 0, kLargest, 1, 0, 0}, {0, -1, kLowest, -1, 0, 0},
  };
  OneOp op("Slice");
  op.input("10");
  const NodeView node(op.graph(), op.node());
  for (const Case& given : cases) {
    const SliceRange range = slice_range(node, given.extent, given.start, given.end, given.step);
    EXPECT_EQ(range.start, given.first) << given.start << ':' << given.end << ':' << given.step;
    EXPECT_EQ(range.count, given.count) << given.start << ':' << given.end << ':' << given.step;
  }
  test::expect_error(ErrorCode::kParse, "layer 'x': Slice has a step of 0",
                     [&] { slice_range(node, 10, 0, 1, 0); });
}

TEST(ShapeRange, ClampsToTheAxesThereAre) {
  const auto range = [](std::int64_t start, std::optional<std::int64_t> end) {
    OneOp op("Shape");
    op.input("N 3 8 8").with("start", start);
    if (end) op.with("end", *end);
    return shape_range(NodeView(op.graph(), op.node()), 4);
  };
  using Range = std::pair<std::size_t, std::size_t>;
  EXPECT_EQ(range(0, std::nullopt), (Range{0, 4}));
  EXPECT_EQ(range(1, -1), (Range{1, 3}));
  EXPECT_EQ(range(-2, 99), (Range{2, 4}));
  EXPECT_EQ(range(3, 1), (Range{3, 3}));
}

}  // namespace
}  // namespace quern
