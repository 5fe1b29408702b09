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

TEST(Nearest, HintsOnlyAtALikelyReading) {
  EXPECT_EQ(nearest_hint("Convv", "Conv"), " (nearest: 'Conv')");
  EXPECT_EQ(nearest_hint("Relo", "Relu"), " (nearest: 'Relu')");
  EXPECT_EQ(nearest_hint("BatchNorm", "BatchNormalization"), " (nearest: 'BatchNormalization')");
  EXPECT_EQ(nearest_hint("LSTM", "Less"), "");
  EXPECT_EQ(nearest_hint("Tile", "Size"), "");
  EXPECT_EQ(nearest_hint("", "Size"), "");
  EXPECT_EQ(nearest_hint("Tile", ""), "");
}

}  // namespace
}  // namespace quern
