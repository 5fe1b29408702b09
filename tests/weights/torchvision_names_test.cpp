#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/named_weights.h"

namespace quern {
namespace {

TEST(TorchvisionNames, MobileNetV2IsTheZoos) {
  const auto names = test::names_of(test::scheme_of("torchvision", "mobilenet_v2"));
  ASSERT_EQ(names.size(), 53u);
  EXPECT_EQ(names[0], (LayerNames{"features.0.0", "features.0.1"}));
  EXPECT_EQ(names[1], (LayerNames{"features.1.conv.0.0", "features.1.conv.0.1"}));
  EXPECT_EQ(names[2], (LayerNames{"features.1.conv.1", "features.1.conv.2"}));
  EXPECT_EQ(names[51], (LayerNames{"features.18.0", "features.18.1"}));
  EXPECT_EQ(names[52], (LayerNames{"classifier.1", ""}));
}

TEST(TorchvisionNames, MnasNetCountsLayers) {
  const auto names = test::names_of(test::scheme_of("torchvision", "mnasnet"));
  ASSERT_EQ(names.size(), 53u);
  EXPECT_EQ(names[0], (LayerNames{"layers.0", "layers.1"}));
  EXPECT_EQ(names[2], (LayerNames{"layers.6", "layers.7"}));
  EXPECT_EQ(names[3], (LayerNames{"layers.8.0.layers.0", "layers.8.0.layers.1"}));
  EXPECT_EQ(names[7], (LayerNames{"layers.8.1.layers.3", "layers.8.1.layers.4"}));
  EXPECT_EQ(names[50], (LayerNames{"layers.13.0.layers.6", "layers.13.0.layers.7"}));
  EXPECT_EQ(names[51], (LayerNames{"layers.14", "layers.15"}));
  EXPECT_EQ(names[52], (LayerNames{"classifier.1", ""}));
}

}  // namespace
}  // namespace quern
