#include "quern/graph/node.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(Dims, FreeExtentsShowTheirName) {
  EXPECT_EQ(to_string(Dims{{-1, "N"}, {3, ""}, {-1, ""}}), "[N, 3, ?]");
  EXPECT_EQ(to_string(Dims{}), "[]");
}

TEST(Dims, FixedOnesComeFromAShape) {
  EXPECT_EQ(fixed_dims({2, 0}), (Dims{{2, ""}, {0, ""}}));
  EXPECT_TRUE(fixed_dims({0})[0].is_fixed());
}

}  // namespace
}  // namespace quern
