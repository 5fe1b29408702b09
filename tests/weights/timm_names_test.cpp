#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/named_weights.h"

namespace quern {
namespace {

TEST(TimmNames, CountStagesAndBlocks) {
  for (const char* network : {"mobilenet_v2", "mnasnet"}) {
    const auto names = test::names_of(test::scheme_of("timm", network));
    ASSERT_EQ(names.size(), 53u) << network;
    EXPECT_EQ(names[0], (LayerNames{"conv_stem", "bn1"}));
    EXPECT_EQ(names[1], (LayerNames{"blocks.0.0.conv_dw", "blocks.0.0.bn1"}));
    EXPECT_EQ(names[2], (LayerNames{"blocks.0.0.conv_pw", "blocks.0.0.bn2"}));
    EXPECT_EQ(names[3], (LayerNames{"blocks.1.0.conv_pw", "blocks.1.0.bn1"}));
    EXPECT_EQ(names[7], (LayerNames{"blocks.1.1.conv_dw", "blocks.1.1.bn2"}));
    EXPECT_EQ(names[50], (LayerNames{"blocks.6.0.conv_pwl", "blocks.6.0.bn3"}));
    EXPECT_EQ(names[51], (LayerNames{"conv_head", "bn2"}));
    EXPECT_EQ(names[52], (LayerNames{"classifier", ""}));
  }
}

}  // namespace
}  // namespace quern
