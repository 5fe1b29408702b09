#include "quern/lower/weight_arrays.h"

#include <gmock/gmock.h>

namespace quern {
namespace {

using testing::ElementsAre;

TEST(WeightArrays, HoldTheIntegersOfEveryLayer) {
  const std::vector<std::int32_t> weights = {1, -2, 3, -4, 5, -6, 7, -8};
  IntConv conv{.window = {.height = 1, .width = 2},
               .weights = pack_weights(weights, 2, 4),
               .weight_scale = {0.5F},
               .bias = {9, -9}};
  conv.requantization = {.rounding = kQuernThresholds,
                         .low = 0,
                         .high = 3,
                         .multiplier = {1, -1},
                         .thresholds = {1, 2, 3, 4, 5, 6}};
  IntModel model{.tensors = {{.channels = 2, .bits = 2, .scale = {1}},
                             {.channels = 2, .bits = 2, .scale = {0.25F}, .zero_point = 1}}};
  model.ops = {{.layer = "conv", .inputs = {0}, .output = 1, .kind = conv},
               {.layer = "conv", .inputs = {1}, .output = 0, .kind = IntLookup{{3, 2, 1, 0}}},
               {.layer = "add", .inputs = {0, 0}, .output = 1, .kind = IntAdd{2, -3, 4}}};
  const auto arrays = weight_arrays(model);
  EXPECT_EQ(arrays.at("conv.weight").shape(), (Shape{2, 1, 2, 2}));
  EXPECT_THAT(arrays.at("conv.weight").data<std::int16_t>(),
              ElementsAre(1, -2, 3, -4, 5, -6, 7, -8));
  EXPECT_THAT(arrays.at("conv.bias").data<std::int32_t>(), ElementsAre(9, -9));
  EXPECT_EQ(arrays.at("conv.thresholds").shape(), (Shape{2, 3}));
  EXPECT_THAT(arrays.at("conv.output_scale").data<float>(), ElementsAre(0.25F));
  EXPECT_FALSE(arrays.contains("conv.shift")) << "thresholds have none";
  EXPECT_EQ(arrays.at("conv#2.table").shape(), (Shape{1, 4}));
  EXPECT_THAT(arrays.at("add.factor").data<std::int32_t>(), ElementsAre(2, -3));
  EXPECT_THAT(arrays.at("add.bias").data<std::int32_t>(), ElementsAre(4));
}

}  // namespace
}  // namespace quern
