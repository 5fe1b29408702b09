#include "quern/ops/window_geometry.h"

#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;
using Integers = std::vector<std::int64_t>;
using Pair = WindowGeometry::Pair;

OneOp pool(const char* input, const Integers& kernel, const Integers& strides) {
  OneOp op("MaxPool");
  op.input(input).with("kernel_shape", kernel).with("strides", strides);
  return op;
}

WindowGeometry geometry(OneOp op) { return window_geometry(op.graph(), op.node()); }

WindowGeometry transposed(OneOp op) { return transposed_window_geometry(op.graph(), op.node()); }

TEST(WindowGeometry, FillsInDefaults) {
  const WindowGeometry found = geometry(OneOp("Conv").input("N 3 8 9").weight({4, 3, 3, 2}));

  EXPECT_EQ(found.kernel, (Pair{3, 2}));
  EXPECT_EQ(found.strides, (Pair{1, 1}));
  EXPECT_EQ(found.dilations, (Pair{1, 1}));
  EXPECT_EQ(found.pads_begin, (Pair{0, 0}));
  EXPECT_EQ(found.pads_end, (Pair{0, 0}));
  EXPECT_EQ(found.groups, 1);
  EXPECT_EQ(found.input, (Pair{8, 9}));
  EXPECT_EQ(found.output, (Pair{6, 8}));
}

struct SameCase {
  std::int64_t input, kernel, stride, dilation;
  std::int64_t output, smaller, larger;  ///< Padding, the odd row in `larger`.
};

TEST(WindowGeometry, SamePaddingSplitsWithTheOddRowWhereTheModeSays) {
  const SameCase cases[] = {
      {224, 3, 2, 1, 112, 0, 1}, {225, 3, 2, 1, 113, 1, 1}, {8, 3, 1, 1, 8, 1, 1},
      {8, 2, 1, 1, 8, 0, 1},     {8, 5, 3, 1, 3, 1, 2},     {8, 3, 1, 2, 8, 2, 2},
      {8, 1, 2, 1, 4, 0, 0},  // The stride exceeds the kernel: nothing to pad.
  };
  for (const SameCase& given : cases) {
    const auto size = std::to_string(given.input);
    for (const bool upper : {true, false}) {
      OneOp op = pool(("N 1 " + size + " " + size).c_str(), {given.kernel, given.kernel},
                      {given.stride, given.stride});
      op.with("dilations", Integers(2, given.dilation));
      op.with("auto_pad", std::string(upper ? "SAME_UPPER" : "SAME_LOWER"));
      const WindowGeometry found = geometry(op);
      const std::int64_t begin = upper ? given.smaller : given.larger;
      const std::int64_t end = upper ? given.larger : given.smaller;
      EXPECT_EQ(found.output, (Pair{given.output, given.output})) << size;
      EXPECT_EQ(found.pads_begin, (Pair{begin, begin})) << size;
      EXPECT_EQ(found.pads_end, (Pair{end, end})) << size;
    }
  }
}

TEST(WindowGeometry, SamePaddingOfAFreeExtentNeedsStrideOne) {
  const WindowGeometry found =
      geometry(pool("N 1 H W", {3, 3}, {1, 1}).with("auto_pad", std::string("SAME_UPPER")));
  EXPECT_EQ(found.pads_begin, (Pair{1, 1}));
  EXPECT_EQ(found.output, (Pair{-1, -1}));

  EXPECT_THAT(pool("N 1 H W", {3, 3}, {2, 2})
                  .with("auto_pad", std::string("SAME_UPPER"))
                  .error(ErrorCode::kUnsupported),
              HasSubstr("auto_pad SAME_UPPER of MaxPool with stride 2 needs a fixed extent"));
}

TEST(WindowGeometry, ValidIgnoresPads) {
  OneOp op = pool("N 1 8 8", {3, 3}, {2, 2});
  op.with("auto_pad", std::string("VALID")).with("pads", Integers{1, 1, 1, 1});
  EXPECT_EQ(geometry(op).output, (Pair{3, 3}));
  EXPECT_EQ(geometry(op).pads_begin, (Pair{0, 0}));
}

TEST(WindowGeometry, CeilModeAddsAPartialWindow) {
  const auto extent = [](const char* input, std::int64_t kernel, std::int64_t stride,
                         std::int64_t pad) {
    OneOp op = pool(input, {kernel, kernel}, {stride, stride});
    op.with("pads", Integers(4, pad)).with("ceil_mode", 1L);
    return geometry(op).output[0];
  };
  EXPECT_EQ(extent("N 1 7 7", 2, 2, 0), 4);
  EXPECT_EQ(extent("N 1 8 8", 2, 2, 0), 4);
  EXPECT_EQ(extent("N 1 112 112", 3, 2, 0), 56);
  EXPECT_EQ(extent("N 1 6 6", 2, 3, 1), 3);
  // A third window would start in the padding behind the last row.
  EXPECT_EQ(extent("N 1 5 5", 2, 3, 1), 2);
}

TEST(WindowGeometry, RefusesWhatContradictsItself) {
  EXPECT_THAT(pool("N 1 4 4", {5, 5}, {1, 1}).error(),
              HasSubstr("layer 'x': no window of MaxPool fits: it covers [5, 5], the input is [N, "
                        "1, 4, 4] with padding [0, 0] and [0, 0]"));
  EXPECT_THAT(pool("N 1 4 4", {2, 2}, {0, 1}).error(),
              HasSubstr("strides of MaxPool must be 1 to 1048576, got 0"));
  EXPECT_THAT(pool("N 1 4 4", {2, 2}, {1, 1, 1}).error(), HasSubstr("has 3 elements, expected 2"));
  EXPECT_THAT(pool("N 1 4 4", {2, 2}, {1, 1}).with("pads", Integers{0, 0, 2, 0}).error(),
              HasSubstr("pads of MaxPool must be smaller than its window"));
  EXPECT_THAT(pool("N 1 4 4", {2, 2}, {1, 1}).with("pads", Integers{1, 1}).error(),
              HasSubstr("pads of MaxPool has 2 elements, expected 4"));
  EXPECT_THAT(pool("N 1 4 4", {2, 2}, {1, 1}).with("pads", Integers{-1, 0, 0, 0}).error(),
              HasSubstr("pads of MaxPool must be 0 to 1048576, got -1"));
  EXPECT_THAT(pool("N 1 4 4", {2, 2}, {1, 1}).with("auto_pad", std::string("SAME")).error(),
              HasSubstr("auto_pad of MaxPool is 'SAME', expected NOTSET, VALID"));
  EXPECT_THAT(pool("N 1 0 4", {1, 1}, {1, 1}).error(), HasSubstr("no window of MaxPool fits"));
  EXPECT_THAT(OneOp("Conv")
                  .input("N 3 8 8")
                  .weight({4, 3, 3, 3})
                  .with("kernel_shape", Integers{5, 5})
                  .error(),
              HasSubstr("kernel_shape of Conv is [5, 5], but the weight is [4, 3, 3, 3]"));
}

TEST(TransposedWindowGeometry, EnlargesTheInput) {
  OneOp op("ConvTranspose");
  op.input("N 3 5 7").weight({3, 4, 3, 2}).with("strides", Integers{2, 3});
  op.with("pads", Integers{1, 0, 0, 1}).with("output_padding", Integers{1, 2});
  const WindowGeometry found = transposed(op);
  EXPECT_EQ(found.output, (Pair{2 * 4 + 1 + 3 - 1, 3 * 6 + 2 + 2 - 1}));
  EXPECT_EQ(found.pads_begin, (Pair{1, 0}));
  EXPECT_EQ(found.pads_end, (Pair{0, 1}));
}

TEST(TransposedWindowGeometry, SplitsThePaddingThatAnOutputShapeLeaves) {
  OneOp op("ConvTranspose");
  op.input("N 3 5 5").weight({3, 4, 4, 4}).with("strides", Integers{2, 2});
  op.with("output_shape", Integers{9, 10});
  const WindowGeometry found = transposed(op);
  EXPECT_EQ(found.output, (Pair{9, 10}));
  EXPECT_EQ(found.pads_begin, (Pair{2, 1}));
  EXPECT_EQ(found.pads_end, (Pair{1, 1}));
}

TEST(TransposedWindowGeometry, SameMultipliesByTheStride) {
  OneOp op("ConvTranspose");
  op.input("N 3 5 5").weight({3, 4, 3, 3}).with("strides", Integers{2, 2});
  op.with("auto_pad", std::string("SAME_UPPER"));
  const WindowGeometry found = transposed(op);
  EXPECT_EQ(found.output, (Pair{10, 10}));
  EXPECT_EQ(found.pads_begin, (Pair{0, 0}));
  EXPECT_EQ(found.pads_end, (Pair{1, 1}));
}

TEST(TransposedWindowGeometry, RefusesWhatLeavesNothing) {
  OneOp op("ConvTranspose");
  op.input("N 3 1 1").weight({3, 4, 2, 2}).with("pads", Integers{1, 1, 1, 1});
  EXPECT_THAT(op.error(), HasSubstr("the padding of ConvTranspose leaves no output"));
  EXPECT_THAT(OneOp("ConvTranspose")
                  .input("N 3 4 4")
                  .weight({3, 4, 2, 2})
                  .with("output_padding", Integers{1, 1})
                  .error(),
              HasSubstr("output_padding of ConvTranspose is 1, must be smaller"));
}

}  // namespace
}  // namespace quern
