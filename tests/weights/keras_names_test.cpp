#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/named_weights.h"

namespace quern {
namespace {

TEST(KerasNames, MobileNetV1IsTheZoos) {
  const auto names = test::names_of(test::scheme_of("Keras", "mobilenet_v1"));
  ASSERT_EQ(names.size(), 28u);
  EXPECT_EQ(names[0], (LayerNames{"conv1", "conv1_bn"}));
  EXPECT_EQ(names[1], (LayerNames{"conv_dw_1", "conv_dw_1_bn"}));
  EXPECT_EQ(names[26], (LayerNames{"conv_pw_13", "conv_pw_13_bn"}));
  EXPECT_EQ(names[27], (LayerNames{"conv_preds", ""}));
}

TEST(KerasNames, MobileNetV2CountsBlocks) {
  const auto names = test::names_of(test::scheme_of("Keras", "mobilenet_v2"));
  ASSERT_EQ(names.size(), 53u);
  EXPECT_EQ(names[0], (LayerNames{"Conv1", "bn_Conv1"}));
  EXPECT_EQ(names[1], (LayerNames{"expanded_conv_depthwise", "expanded_conv_depthwise_BN"}));
  EXPECT_EQ(names[3], (LayerNames{"block_1_expand", "block_1_expand_BN"}));
  EXPECT_EQ(names[50], (LayerNames{"block_16_project", "block_16_project_BN"}));
  EXPECT_EQ(names[51], (LayerNames{"Conv_1", "Conv_1_bn"}));
  EXPECT_EQ(names[52], (LayerNames{"predictions", ""}));
}

TEST(KerasNames, ResNet8IsTheZoos) {
  const auto names = test::names_of(test::scheme_of("Keras", "resnet8"));
  ASSERT_EQ(names.size(), 10u);
  EXPECT_EQ(names[0], (LayerNames{"conv2d", "batch_normalization"}));
  EXPECT_EQ(names[5], (LayerNames{"conv2d_5", ""}));
  EXPECT_EQ(names[9], (LayerNames{"dense", ""}));
}

}  // namespace
}  // namespace quern
