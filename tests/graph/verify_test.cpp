#include <gmock/gmock.h>

#include <cmath>

#include "quern/graph/graph.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;

/// y = Quant(x + w) with two channels.
struct Quantized {
  Graph graph;
  ScaleId scale;
  QuantizerId quantizer;
  ValueId w;

  Quantized() {
    const ValueId x = graph.add_input("x", DType::kFloat32, fixed_dims({1, 2}));
    w = graph.add_constant("w", Tensor(DType::kFloat32, {1, 2}));
    const ValueId sum = graph.add_value("sum", DType::kFloat32, fixed_dims({1, 2}));
    graph.add_node({.layer = "sum", .op = "Add", .inputs = {x, w}, .outputs = {sum}});
    graph.add_output(sum);
    scale = graph.add_scale({.name = "s", .values = {0.5F}});
    quantizer = graph.add_quantizer({.name = "q", .scale = scale});
    graph.insert_quant(sum, quantizer, "sum.quant");
  }
};

TEST(Verify, AcceptsASoundGraph) { EXPECT_NO_THROW(verify(Quantized().graph)); }

TEST(Verify, NamesAValueNothingDefines) {
  Graph graph;
  const ValueId ghost = graph.add_value("ghost");
  const ValueId y = graph.add_value("y");
  graph.add_node({.layer = "relu", .op = "Relu", .inputs = {ghost}, .outputs = {y}});
  graph.add_output(y);
  expect_error(ErrorCode::kParse, "layer 'relu' reads 'ghost', which nothing defines",
               [&] { verify(graph); });
}

TEST(Verify, NamesAnOutputNothingComputes) {
  Graph graph;
  graph.add_output(graph.add_value("y"));
  expect_error(ErrorCode::kParse, "the output 'y' is computed by no layer", [&] { verify(graph); });
  expect_error(ErrorCode::kParse, "no output", [] { verify(Graph()); });
}

TEST(Verify, NamesWeightsThatAreNotFinite) {
  Quantized net;
  net.graph.set_constant(net.w, Tensor::of<float>({1, 2}, {0, NAN}));
  expect_error(ErrorCode::kParse, "layer 'sum': 'w' holds nan at element 1",
               [&] { verify(net.graph); });
}

TEST(Verify, NamesScalesThatCannotBe) {
  Quantized net;
  net.graph.scale(net.scale).values = {0.0F};
  expect_error(ErrorCode::kParse, "layer 'sum.quant': a scale is 0", [&] { verify(net.graph); });
  net.graph.scale(net.scale).values = {1.0F, 1.0F};
  expect_error(ErrorCode::kParse, "it has 2 scales, expected 1", [&] { verify(net.graph); });
  net.graph.quantizer(net.quantizer).spec.granularity = Granularity::kPerChannel;
  net.graph.quantizer(net.quantizer).spec.channel_axis = 1;
  EXPECT_NO_THROW(verify(net.graph));
  net.graph.quantizer(net.quantizer).spec.channel_axis = 2;
  expect_error(ErrorCode::kParse, "its channel axis is 2", [&] { verify(net.graph); });
}

TEST(Verify, NamesAPercentileThatCannotBe) {
  Quantized net;
  net.graph.quantizer(net.quantizer).threshold.percentile = 99.9;
  EXPECT_NO_THROW(verify(net.graph));
  for (const double percentile : {0.0, 101.0, double{NAN}}) {
    net.graph.quantizer(net.quantizer).threshold.percentile = percentile;
    expect_error(ErrorCode::kParse, "layer 'sum.quant': its percentile is",
                 [&] { verify(net.graph); });
  }
}

TEST(Verify, NamesBitsAndZeroPointsThatCannotBe) {
  Quantized net;
  net.graph.quantizer(net.quantizer).zero_point = {0, 0};
  expect_error(ErrorCode::kParse, "2 zero points for 1 scales", [&] { verify(net.graph); });
  net.graph.quantizer(net.quantizer).spec.bits = 64;
  expect_error(ErrorCode::kInvalidArgument, "bits must be 1 to 32, got 64",
               [&] { verify(net.graph); });
}

}  // namespace
}  // namespace quern
