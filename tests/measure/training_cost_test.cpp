#include "quern/measure/training_cost.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::expect_error;

Graph network() {
  test::Network net(3, 16);
  const ValueId stem = net.clip("relu6", net.batchnorm("bn", net.conv("stem", net.input())), 0, 6);
  return net.finish({net.head("fc", net.op("relu", "Relu", {net.batchnorm("bn2", stem)}))});
}

constexpr TrainingCostOptions kQuick{.batch = 2, .threads = 1, .repetitions = 1};

TEST(TrainingCost, MeasuresThreeForms) {
  const TrainingCost cost = training_cost(network(), kQuick);
  for (const StepCost& step : {cost.own_float, cost.qat, cost.libtorch_float}) {
    EXPECT_GT(step.ms, 0);
    // The batch, at least two activations and the gradient of one.
    EXPECT_GT(step.peak_bytes, 2 * (3 + 2 * 4 + 4) * 16 * 16 * 4);
  }
  // LibTorch's operators keep what goes into every clip; a fused chain keeps its input alone.
  EXPECT_LT(cost.own_float.peak_bytes, cost.libtorch_float.peak_bytes);
}

TEST(TrainingCost, RefusesWhatItCanNotTrain) {
  expect_error(ErrorCode::kInvalidArgument, "a batch of 0 pictures",
               [] { training_cost(network(), {.batch = 0}); });
  expect_error(ErrorCode::kInvalidArgument, "0 repetitions",
               [] { training_cost(network(), {.repetitions = 0}); });
  Graph flat = network();
  flat.set_type(flat.inputs()[0], DType::kFloat32, Dims{{-1, "N"}, {3}});
  expect_error(ErrorCode::kInvalidArgument, "expected float32 [N, C, H, W]",
               [&] { training_cost(flat, kQuick); });
  Graph free = network();
  free.set_type(free.inputs()[0], DType::kFloat32, Dims{{-1, "N"}, {3}, {-1, "H"}, {-1, "W"}});
  expect_error(ErrorCode::kInvalidArgument, "expected known C, H and W",
               [&] { training_cost(free, kQuick); });
  Graph two = network();
  two.add_input("other", DType::kFloat32, {{-1, "N"}});
  expect_error(ErrorCode::kInvalidArgument, "the network has 2 inputs, expected 1",
               [&] { training_cost(two, kQuick); });
}

}  // namespace
}  // namespace quern
