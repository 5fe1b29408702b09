#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/named_weights.h"

namespace quern {
namespace {

TEST(HostedMnasNetNames, CountCells) {
  const auto names = test::names_of(test::scheme_of("TensorFlow's hosted MNasNet", "mnasnet"));
  ASSERT_EQ(names.size(), 53u);
  EXPECT_EQ(names[0], (LayerNames{"mnasnet/stem/conv", "mnasnet/stem/bn"}));
  EXPECT_EQ(names[1],
            (LayerNames{"mnasnet/lead_cell_0/op_0/depthwise_0", "mnasnet/lead_cell_0/op_0/bn1_0"}));
  EXPECT_EQ(names[2],
            (LayerNames{"mnasnet/lead_cell_0/op_0/project_0", "mnasnet/lead_cell_0/op_0/bn2_0"}));
  EXPECT_EQ(names[3],
            (LayerNames{"mnasnet/lead_cell_1/op_0/expand_0", "mnasnet/lead_cell_1/op_0/bn0_0"}));
  EXPECT_EQ(names[6], (LayerNames{"mnasnet/cell_2/op_0/expand_0", "mnasnet/cell_2/op_0/bn0_0"}));
  EXPECT_EQ(names[51],
            (LayerNames{"mnasnet/lead_cell_17/op_0/conv2d_0", "mnasnet/lead_cell_17/op_0/bn_0"}));
  EXPECT_EQ(names[52], (LayerNames{"mnasnet/output/fc", ""}));
}

}  // namespace
}  // namespace quern
