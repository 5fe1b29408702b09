#include "quern/importers/transposed_window.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;

void expect_padding(const TransposedAxis& axis, bool is_same, const TransposedPadding& expected) {
  const TransposedPadding padding = transposed_padding(axis, is_same);
  EXPECT_EQ(padding.begin, expected.begin);
  EXPECT_EQ(padding.end, expected.end);
  EXPECT_EQ(padding.missing, expected.missing);
}

TEST(TransposedWindow, CutsAtBothEndsOrAtTheEnd) {
  const TransposedAxis axis = {.input = 4, .kernel = 4, .output = 7, .stride = 2};
  expect_padding(axis, true, {1, 2, 0});
  expect_padding(axis, false, {0, 3, 0});
}

TEST(TransposedWindow, CountsWhatNoWindowCovers) {
  expect_padding({.input = 4, .kernel = 1, .output = 8, .stride = 2}, true, {0, 0, 1});
  expect_padding({.input = 2, .kernel = 3, .output = 8, .stride = 2, .dilation = 2}, false,
                 {0, 0, 1});
}

TEST(TransposedWindow, RefusesAnOutputThatDoesNotShrinkToTheInput) {
  expect_error(
      ErrorCode::kUnsupported,
      "its input has the extent 4, which its output of 9 does not shrink to with stride 2",
      [] { transposed_padding({.input = 4, .kernel = 3, .output = 9, .stride = 2}, true); });
}

TEST(TransposedWindow, RefusesSizesThatAreNone) {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  const TransposedAxis axes[] = {{.input = 0, .kernel = 3, .output = 9},
                                 {.input = 4, .kernel = kHuge, .output = 9},
                                 {.input = 4, .kernel = 3, .output = kHuge},
                                 {.input = 4, .kernel = 3, .output = 9, .stride = 0},
                                 {.input = 4, .kernel = 3, .output = 9, .dilation = -1}};
  for (const TransposedAxis& axis : axes) {
    expect_error(ErrorCode::kParse, "does not give an extent of",
                 [&] { transposed_padding(axis, true); });
  }
}

}  // namespace
}  // namespace quern
