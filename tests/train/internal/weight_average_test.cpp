#include "quern/train/internal/weight_average.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(WeightAverage, ForgetsTheFirstStepsSoon) {
  at::Tensor w = at::tensor({0.0F});
  WeightAverage average({{"w", w}}, 0.9);
  w.fill_(10);
  average.update();  // d = 0
  EXPECT_FLOAT_EQ(average.averages().at("w").item<float>(), 10);
  w.fill_(21);
  average.update();  // d = 1 / 11
  EXPECT_FLOAT_EQ(average.averages().at("w").item<float>(), 20);
}

TEST(WeightAverage, DecaysAsAskedFor) {
  at::Tensor w = at::tensor({0.0F});
  WeightAverage average({{"w", w}}, 0.5);
  average.set_steps(1000);
  w.fill_(10);
  average.update();
  EXPECT_FLOAT_EQ(average.averages().at("w").item<float>(), 5);
  EXPECT_EQ(average.steps(), 1001);
}

TEST(WeightAverage, StandsApartFromTheTensors) {
  at::Tensor w = at::tensor({1.0F});
  const WeightAverage average({{"w", w}}, 0.5);
  w.fill_(2);
  EXPECT_EQ(average.averages().at("w").item<float>(), 1);
}

}  // namespace
}  // namespace quern
