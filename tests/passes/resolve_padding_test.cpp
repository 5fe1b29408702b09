#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/ops/op_def.h"
#include "quern/passes/passes.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;
using test::Network;

TEST(ResolvePadding, WritesSamePaddingAsNumbers) {
  Network net;
  Graph graph =
      net.finish({net.op("conv", "Conv", {net.input(), net.weight("w", {4, 3, 3, 3})},
                         {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Integers{2, 2}}})});
  const std::optional<Dims> before = graph.value(graph.outputs()[0]).dims;

  EXPECT_EQ(resolve_padding(graph).rewrites, 1);

  const NodeId conv = *graph.find_layer("conv");
  EXPECT_EQ(graph.attribute_or(conv, "pads", Integers{}), (Integers{0, 0, 1, 1}));
  EXPECT_EQ(graph.attribute_or(conv, "kernel_shape", Integers{}), (Integers{3, 3}));
  EXPECT_EQ(graph.attribute_or(conv, "dilations", Integers{}), (Integers{1, 1}));
  EXPECT_EQ(graph.attribute_or<std::int64_t>(conv, "group", 0), 1);
  EXPECT_EQ(graph.attribute(conv, "auto_pad"), nullptr);
  infer_shapes(graph);
  EXPECT_EQ(graph.value(graph.outputs()[0]).dims, before);
  EXPECT_EQ(resolve_padding(graph).rewrites, 0);
}

TEST(ResolvePadding, WritesTheDefaultsOfPools) {
  Network net;
  const std::map<std::string, Attribute> kernel = {{"kernel_shape", Integers{2, 2}}};
  const ValueId max = net.op("max", "MaxPool", {net.input()}, kernel);
  Graph graph = net.finish({net.op("mean", "AveragePool", {max}, kernel)});

  EXPECT_EQ(resolve_padding(graph).rewrites, 2);

  const NodeId mean = *graph.find_layer("mean");
  EXPECT_EQ(graph.attribute_or<std::int64_t>(mean, "count_include_pad", 7), 0);
  EXPECT_EQ(graph.attribute_or<std::int64_t>(mean, "ceil_mode", 7), 0);
  EXPECT_EQ(graph.attribute(mean, "dilations"), nullptr);  // ONNX added it in a later opset.
  EXPECT_EQ(graph.attribute_or(*graph.find_layer("max"), "strides", Integers{}), (Integers{1, 1}));
}

TEST(ResolvePadding, SamePaddingDecidesTheNumberOfWindows) {
  // One window more would fit with ceil_mode.
  Network net(3, 5);
  Graph graph = net.finish({net.op("pool", "MaxPool", {net.input()},
                                   {{"auto_pad", std::string("SAME_UPPER")},
                                    {"ceil_mode", std::int64_t{1}},
                                    {"kernel_shape", Integers{1, 1}},
                                    {"strides", Integers{3, 3}}})});
  const std::optional<Dims> before = graph.value(graph.outputs()[0]).dims;

  resolve_padding(graph);
  infer_shapes(graph);

  EXPECT_EQ(graph.value(graph.outputs()[0]).dims, before);
}

TEST(ResolvePadding, WritesTheOutputShapeOfATransposedConvolutionAsPads) {
  Network net;
  Graph graph =
      net.finish({net.op("up", "ConvTranspose", {net.input(), net.weight("w", {3, 4, 3, 3})},
                         {{"output_shape", Integers{16, 16}}, {"strides", Integers{2, 2}}})});

  EXPECT_EQ(resolve_padding(graph).rewrites, 1);

  EXPECT_EQ(graph.attribute(*graph.find_layer("up"), "output_shape"), nullptr);
  infer_shapes(graph);
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 4, 16, 16]");
}

TEST(ResolvePadding, KeepsATransposedConvolutionThatPadsCanNotSay) {
  Network net;
  Graph graph =
      net.finish({net.op("up", "ConvTranspose", {net.input(), net.weight("w", {3, 4, 1, 1})},
                         {{"output_shape", Integers{16, 16}}, {"strides", Integers{2, 2}}})});

  const PassReport report = resolve_padding(graph);

  EXPECT_EQ(report.rewrites, 0);
  EXPECT_THAT(
      report.notes,
      testing::ElementsAre("kept the padding of 'up': its output is larger than pads can say"));
}

}  // namespace
}  // namespace quern
