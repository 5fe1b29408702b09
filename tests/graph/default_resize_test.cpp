#include "quern/graph/default_resize.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(DefaultResize, LeavesTheMarginOfImageNet) {
  EXPECT_EQ(default_resize(224), 256);
  EXPECT_EQ(default_resize(96), 110);
}

TEST(DefaultResize, FeedsSmallNetworksWholePictures) {
  EXPECT_EQ(default_resize(32), 32);
  EXPECT_EQ(default_resize(64), 64);
  EXPECT_EQ(default_resize(65), 74);
}

}  // namespace
}  // namespace quern
