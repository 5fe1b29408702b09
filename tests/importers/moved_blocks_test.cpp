#include "quern/importers/moved_blocks.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;
using Integers = std::vector<std::int64_t>;

TEST(MovedBlocks, AreADilationBehindWhatIsNotCroppedOfThePadding) {
  const auto window = dilated_window({{2, 3}, {2, 3}, {2, 4, 3, 3}, {0, 1, 0, 2}});
  EXPECT_EQ(std::get<Integers>(window.at("dilations")), (Integers{2, 3}));
  EXPECT_EQ(std::get<Integers>(window.at("pads")), (Integers{2, 3, 3, 1}));
}

TEST(MovedBlocks, RefuseOtherAxesAndLargerCrops) {
  const char* const other_axes = "along other axes than height and width, or not back again";
  expect_error(ErrorCode::kUnsupported, other_axes, [] {
    dilated_window({{2, 2}, {2, 3}, {0, 0, 0, 0}, {0, 0, 0, 0}});
  });
  expect_error(ErrorCode::kUnsupported, other_axes, [] {
    dilated_window({{2}, {2}, {0, 0}, {0, 0}});
  });
  expect_error(ErrorCode::kUnsupported, "padded by 0 and cropped by 1", [] {
    dilated_window({{2, 2}, {2, 2}, {0, 0, 0, 0}, {0, 1, 0, 0}});
  });
  expect_error(ErrorCode::kUnsupported, "padded by -1 and cropped by -1", [] {
    dilated_window({{2, 2}, {2, 2}, {-1, 0, 0, 0}, {-1, 0, 0, 0}});
  });
}

}  // namespace
}  // namespace quern
