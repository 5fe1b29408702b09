#include "quern/base/nearest.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(Nearest, CountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("weight_bits", "weight_bits"), 0u);
}

TEST(Nearest, FindsTheNameWithTheFewestEdits) {
  EXPECT_EQ(nearest("wieght_bits", {"activation_bits", "weight_bits", "scheme"}), "weight_bits");
  EXPECT_EQ(nearest("b", {"a", "c"}), "a");
  EXPECT_EQ(nearest("a", {}), "");
}

}  // namespace
}  // namespace quern
