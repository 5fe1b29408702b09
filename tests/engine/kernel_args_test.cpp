#include "quern/engine/kernel_args.h"

#include <gtest/gtest.h>

#include "tests/support/int_network.h"

// That the structs make kernels compute the formulas is what interpreter_test checks.

namespace quern {
namespace {

TEST(KernelArgs, TensorsLieTightlyUntilAPlanPlacesThem) {
  IntModel model = test::every_op(1);
  model.memory.tensors[0].row_bytes = 40;
  model.memory.tensors[0].rows = 9;
  EXPECT_EQ(tensor_args(model, 0).row_bytes, 40);
  model.memory.tensors.clear();
  EXPECT_EQ(tensor_args(model, 0).row_bytes, 33);
}

TEST(KernelArgs, OneEntryServesAllChannels) {
  test::IntNetwork net(2);
  const TensorIndex input = net.input(4, 4, 3, 8);
  net.conv(input, 2, 1, 1, 8, 8);
  net.add(input, input, 8);
  net.lookup(input, 8, /*per_channel=*/true);
  net.lookup(input, 4);
  const std::vector<IntOp>& ops = net.model.ops;
  EXPECT_EQ(conv_args(net.model, ops[0]).requantize.stride, 1);
  EXPECT_EQ(conv_args(net.model, ops[0]).weights.zero, nullptr);
  EXPECT_EQ(add_args(net.model, ops[1]).requantize.stride, 0);
  EXPECT_EQ(lookup_args(net.model, ops[2]).stride, 256);
  EXPECT_EQ(lookup_args(net.model, ops[3]).stride, 0);
}

TEST(KernelArgs, OnlyConvolutionsNeedScratchMemory) {
  test::IntNetwork net(3);
  const TensorIndex input = net.input(4, 4, 3, 8);
  net.conv(input, 2, 3, 1, 8, 8);
  net.depthwise(input, 1, 8, 8);
  net.max_pool(input);
  EXPECT_FALSE(is_depthwise(net.model, net.model.ops[0]));
  EXPECT_TRUE(is_depthwise(net.model, net.model.ops[1]));
  EXPECT_EQ(scratch_bytes(net.model, net.model.ops[0]), 2 * 28 * 2);
  // Two tables of ten offsets, and nine taps of four bytes.
  EXPECT_EQ(scratch_bytes(net.model, net.model.ops[1]), 2 * 10 * 4 + 9 * 4);
  EXPECT_EQ(scratch_bytes(net.model, net.model.ops[2]), 0);
}

}  // namespace
}  // namespace quern
