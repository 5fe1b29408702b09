#include "quern/engine/memory_plan.h"

#include <gmock/gmock.h>

#include "quern/engine/check.h"
#include "quern/engine/schedule.h"
#include "tests/support/int_network.h"

namespace quern {
namespace {

const Placement& place(const IntModel& model, TensorIndex tensor) {
  return model.memory.tensors.at(static_cast<std::size_t>(tensor));
}

TEST(MemoryPlan, PacksPixelsTightly) {
  EXPECT_EQ(tight_placement({.height = 3, .width = 5, .channels = 3, .bits = 4}),
            (Placement{0, 2, 10, 3}));
  EXPECT_EQ(bytes(Placement{0, 2, 10, 3}), 30);
}

TEST(MemoryPlan, IsTheSumOfNeighboursInAChain) {
  test::IntNetwork net(1);
  const TensorIndex input = net.input(8, 8, 4, 8);        // 256 bytes
  const TensorIndex a = net.conv(input, 16, 1, 1, 8, 8);  // 1024
  const TensorIndex b = net.conv(a, 8, 1, 1, 8, 8);       // 512
  const IntModel model = net.finish({net.conv(b, 4, 1, 1, 8, 8)});
  // At the widest step: 1024 + 512, and scratch for two pixels of 16 inputs.
  EXPECT_EQ(model.memory.arena_bytes, 1024 + 512 + 64);
}

TEST(MemoryPlan, LeavesNoGapsInAChainThatNarrowsBeforeItWidens) {
  test::IntNetwork net(5);
  const TensorIndex input = net.input(12, 12, 6, 8);                // 864 bytes
  const TensorIndex a = net.conv(input, 4, 1, 1, 8, 8);             // 576
  const TensorIndex b = net.conv(a, 4, 1, 1, 8, 8);                 // 576
  const IntModel model = net.finish({net.conv(b, 8, 1, 1, 8, 8)});  // 1152
  // Largest first puts the input in the place of the output and `b` behind both others.
  EXPECT_EQ(model.memory.arena_bytes, 576 + 1152 + 16);
  check(model);
}

TEST(MemoryPlan, AddsInPlaceOfAnInputThatNobodyReadsAgain) {
  test::IntNetwork net(2);
  const TensorIndex input = net.input(4, 4, 4, 8);
  const TensorIndex a = net.conv(input, 4, 1, 1, 8, 8);
  const TensorIndex b = net.conv(a, 4, 1, 1, 8, 8);
  const TensorIndex sum = net.add(a, b, 8);
  const TensorIndex scaled = net.affine(sum, 8);
  const IntModel model = net.finish({sum, scaled});
  EXPECT_EQ(place(model, sum), place(model, a));
  EXPECT_NE(place(model, scaled), place(model, sum)) << "the sum is an output";
  check(model);
}

TEST(MemoryPlan, NeverAddsInPlaceWhereCodesShareBytes) {
  test::IntNetwork net(3);
  const TensorIndex input = net.input(4, 4, 4, 4);
  const IntModel model = net.finish({net.lookup(net.lookup(input, 4), 4)});
  EXPECT_FALSE(works_in_place(model, model.ops[0], 0));
  EXPECT_NE(place(model, 1), place(model, 0));
}

TEST(MemoryPlan, KeepsWhatIsReadLater) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) check(test::every_op(seed));
}

TEST(MemoryPlan, KeepsTheRowsThatTheScheduleNeeds) {
  test::IntNetwork net(4);
  const TensorIndex input = net.input(6, 4, 2, 8);
  const TensorIndex a = net.conv(input, 2, 1, 1, 8, 8);
  IntModel model = net.finish({net.max_pool(a)});
  EXPECT_EQ(place(model, a).rows, 6);
  model.schedule = {{0, 0, 2}, {1, 0, 1}, {0, 2, 4}, {1, 1, 2}, {0, 4, 6}, {1, 2, 3}};
  model.memory = plan_memory(model);
  EXPECT_EQ(place(model, a).rows, 2);
  check(model);
}

}  // namespace
}  // namespace quern
