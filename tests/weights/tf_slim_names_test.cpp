#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/named_weights.h"

namespace quern {
namespace {

TEST(TfSlimNames, MobileNetV1CountsBlocks) {
  const auto names = test::names_of(test::scheme_of("TF-slim", "mobilenet_v1"));
  ASSERT_EQ(names.size(), 28u);
  EXPECT_EQ(names[0], (LayerNames{"MobilenetV1/Conv2d_0", "MobilenetV1/Conv2d_0/BatchNorm"}));
  EXPECT_EQ(names[1].layer, "MobilenetV1/Conv2d_1_depthwise");
  EXPECT_EQ(names[26].batchnorm, "MobilenetV1/Conv2d_13_pointwise/BatchNorm");
  EXPECT_EQ(names[27], (LayerNames{"MobilenetV1/Logits/Conv2d_1c_1x1", ""}));
}

TEST(TfSlimNames, MobileNetV2CountsBlocks) {
  const auto names = test::names_of(test::scheme_of("TF-slim", "mobilenet_v2"));
  ASSERT_EQ(names.size(), 53u);
  EXPECT_EQ(names[0].layer, "MobilenetV2/Conv");
  EXPECT_EQ(names[2].layer, "MobilenetV2/expanded_conv/project");
  EXPECT_EQ(names[3].batchnorm, "MobilenetV2/expanded_conv_1/expand/BatchNorm");
  EXPECT_EQ(names[51].layer, "MobilenetV2/Conv_1");
  EXPECT_EQ(names[52], (LayerNames{"MobilenetV2/Logits/Conv2d_1c_1x1", ""}));
}

}  // namespace
}  // namespace quern
