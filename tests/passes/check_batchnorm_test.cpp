#include <gtest/gtest.h>

#include "quern/passes/passes.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

Graph with_variance(float variance) {
  test::Network net;
  Graph graph = net.finish({net.batchnorm("bn", net.conv("conv", net.input()))});
  Tensor statistics = *graph.value(*graph.find_value("bn.running_var")).constant;
  statistics.mutable_data<float>()[2] = variance;
  graph.set_constant(*graph.find_value("bn.running_var"), statistics);
  return graph;
}

TEST(CheckBatchnorm, NamesTheChannelWithoutVariance) {
  for (const float variance : {0.0F, 5e-11F, -1.0F}) {
    Graph graph = with_variance(variance);
    test::expect_error(ErrorCode::kParse, "layer 'bn': the variance of channel 2 is",
                       [&] { check_batchnorm(graph); });
  }
}

TEST(CheckBatchnorm, AcceptsASmallVariance) {
  Graph graph = with_variance(1e-9F);
  EXPECT_EQ(check_batchnorm(graph).rewrites, 0);
}

}  // namespace
}  // namespace quern
