#include "quern/analysis/sizes.h"

#include <gtest/gtest.h>

#include "quern/ops/op_def.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::expect_error;
using test::Network;

/// x [N, 3, side, side] through Sqrt and Exp into a Sub, which reads both.
Graph two_branches(std::int64_t side) {
  Network net(3, side);
  const ValueId a = net.op("a", "Sqrt", {net.input()});
  const ValueId b = net.op("b", "Exp", {a});
  return net.finish({net.op("sum", "Sub", {a, b})});
}

TEST(Sizes, CountsWhatLivesAtTheSameTime) {
  // At 'sum': both branches and the result.
  EXPECT_EQ(bytes_per_sample(two_branches(8)), 3 * 3 * 8 * 8 * 4);
}

TEST(Sizes, AConvOfASmallInputWithLargePaddingCountsItsWindows) {
  Network net(3, 8);
  const ValueId wide = net.op("wide", "Conv", {net.input(), net.weight("w", {4, 3, 3, 3})},
                              {{"pads", std::vector<std::int64_t>{4000, 4000, 4000, 4000}}});
  const Graph graph = net.finish({wide});
  expect_error(ErrorCode::kUnsupported, "layer 'wide': at this Conv the values of one sample take",
               [&] { check_sizes(graph); });
}

TEST(Sizes, ABatchThatTheFileFixesCountsAsOneSample) {
  Graph graph = two_branches(8);
  graph.set_type(graph.inputs()[0], DType::kFloat32, fixed_dims({4, 3, 8, 8}));
  infer_shapes(graph);
  EXPECT_EQ(bytes_per_sample(graph), 3 * 3 * 8 * 8 * 4);
}

TEST(Sizes, RefusesManyValuesThatAreEachSmallEnough) {
  EXPECT_NO_THROW(check_sizes(two_branches(5000)));
  expect_error(ErrorCode::kUnsupported,
               "layer 'sum': at this Sub the values of one sample take 1296000000 bytes",
               [] { check_sizes(two_branches(6000)); });
}

TEST(Sizes, RefusesConstantsThatGrowFromFew) {
  Network net;
  ValueId weight = net.weight("w", {1, 3, 1, 1});
  for (int i = 0; i < 30; ++i) {
    weight =
        net.op("c" + std::to_string(i), "Concat", {weight, weight}, {{"axis", std::int64_t{0}}});
  }
  const Graph graph = net.finish({net.op("conv", "Conv", {net.input(), weight})});
  expect_error(ErrorCode::kUnsupported, "layer 'c18': the result of Concat is [524288, 3, 1, 1]",
               [&] { check_sizes(graph); });
}

TEST(Sizes, RefusesManyConstantsThatAreEachSmallEnough) {
  Network net;
  const ValueId row = net.weight("row", {1, 1024});
  const ValueId column = net.weight("column", {1024, 1});
  std::vector<ValueId> outputs = {net.input()};
  for (int i = 0; i < 17; ++i) {  // 2²⁰ elements each
    outputs.push_back(net.op("product" + std::to_string(i), "MatMul", {column, row}));
  }
  const Graph graph = net.finish(outputs);
  expect_error(ErrorCode::kUnsupported, "layer 'product16': up to here constants alone decide",
               [&] { check_sizes(graph); });
}

}  // namespace
}  // namespace quern
