#include "quern/importers/tflite/weights.h"

#include <gmock/gmock.h>

#include "quern/importers/tflite.h"
#include "quern/quantizers/fake_quant.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"
#include "tests/support/tflite_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::TfliteFile;
using testing::ElementsAre;
using tflite::BuiltinOperator;
using tflite::TensorType;

Graph imported(const TfliteFile& file) { return import_tflite(file.bytes(), "a"); }

/// The constant in front of a Quant and the codes that its grid makes of it.
std::vector<double> codes_of(const Graph& graph, const std::string& quant_layer) {
  const Node& quant = graph.node(graph.find_layer(quant_layer).value());
  const Tensor& real = *graph.value(quant.inputs[0]).constant;
  const QuantSpec& spec = graph.quantizer(quant.quantizer).spec;
  const QuantParams params = graph.params(quant.quantizer);
  const Tensor on_grid = fake_quant(real, spec, params);
  EXPECT_EQ(on_grid, real);
  const ChannelLayout layout = channel_layout(real.shape(), spec);
  std::vector<double> codes;
  for (std::int64_t i = 0; i < real.size(); ++i) {
    const auto c =
        static_cast<std::size_t>(params.scale.size() == 1 ? 0 : i / layout.inner % layout.channels);
    codes.push_back(
        std::nearbyint(on_grid.data<float>()[static_cast<std::size_t>(i)] / params.scale[c]) +
        params.zero_point[c]);
  }
  return codes;
}

/// DEPTHWISE_CONV_2D [1, 1, 2, 2] of uint8 codes on the scale and zero point of its weight.
TfliteFile depthwise() {
  TfliteFile file;
  const int x = file.input("x", TensorType::UINT8, {1, 4, 4, 2}, {{0.5F}, {10}});
  const int weight = file.constant<std::uint8_t>("net/dw/w", TensorType::UINT8, {1, 1, 2, 2},
                                                 {0, 255, 128, 3}, {{0.037F}, {131}});
  const int bias =
      file.constant<std::int32_t>("net/dw/b", TensorType::INT32, {2}, {5, -9}, {{0.0185F}, {0}});
  const int y = file.output("y", TensorType::UINT8, {1, 4, 3, 2}, {{0.7F}, {100}});
  tflite::DepthwiseConv2DOptionsT options;
  options.padding = tflite::Padding::VALID;
  options.stride_w = options.stride_h = options.depth_multiplier = 1;
  file.op(BuiltinOperator::DEPTHWISE_CONV_2D, {x, weight, bias}, {y}, options);
  return file;
}

TEST(AddWeight, GivesTheFilesCodesBackInOnnxsLayout) {
  const TfliteFile file = test::int8_conv();
  const Graph graph = imported(file);
  const Quantizer& entry = test::quantizer_of(graph, "net/conv.weight_quant");
  EXPECT_EQ(entry.spec,
            (QuantSpec{
                .narrow_range = true, .granularity = Granularity::kPerChannel, .channel_axis = 0}));
  EXPECT_THAT(graph.scale(entry.scale).values, ElementsAre(0.01F, 0.03F));
  // File: [O, H, W, I]; graph: [O, I, H, W].
  const auto& stored = file.model.buffers[1]->data;
  std::vector<double> expected;
  for (std::size_t o = 0; o < 2; ++o) {
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t at = 0; at < 9; ++at) {
        expected.push_back(static_cast<std::int8_t>(stored[(o * 9 + at) * 3 + i]));
      }
    }
  }
  EXPECT_EQ(codes_of(graph, "net/conv.weight_quant"), expected);
}

TEST(AddWeight, IsNotNarrowWhereACodeNeedsTheWholeRange) {
  TfliteFile file = test::int8_conv();
  file.model.buffers[1]->data[5] = 0x80;
  EXPECT_FALSE(test::quantizer_of(imported(file), "net/conv.weight_quant").spec.narrow_range);
}

TEST(AddWeight, KeepsAZeroPointAndMovesTheChannelAxis) {
  const Graph graph = imported(depthwise());
  EXPECT_THAT(codes_of(graph, "net/dw.weight_quant"), ElementsAre(0, 128, 255, 3));
  TfliteFile per_channel = depthwise();
  per_channel.tensor(1).type = TensorType::INT8;
  per_channel.tensor(1).quantization->scale = {0.1F, 0.2F};
  per_channel.tensor(1).quantization->zero_point = {0, 0};
  per_channel.tensor(1).quantization->quantized_dimension = 3;
  per_channel.tensor(2).quantization.reset();
  EXPECT_EQ(test::quantizer_of(imported(per_channel), "net/dw.weight_quant").spec.channel_axis, 0);
}

TEST(AddWeight, RefusesCodesWithoutAScaleAndOtherShapes) {
  TfliteFile no_scale = depthwise();
  no_scale.tensor(1).quantization.reset();
  expect_error(ErrorCode::kParse, "its weight 'net/dw/w' holds codes without a scale",
               [&] { imported(no_scale); });
  TfliteFile vector = test::int8_conv();
  vector.tensor(1).shape = {54};
  vector.tensor(1).quantization->scale = {1};
  vector.tensor(1).quantization->zero_point = {0};
  expect_error(ErrorCode::kParse, "expected", [&] { imported(vector); });
}

TEST(AddBias, DerivesTheScaleThatInputAndWeightImply) {
  const Graph graph = imported(test::int8_conv());
  const Quantizer& entry = test::quantizer_of(graph, "net/conv.bias_quant");
  EXPECT_EQ(entry.kind, QuantizerKind::kDerived);
  EXPECT_EQ(entry.spec, (QuantSpec{.bits = 32, .granularity = Granularity::kPerChannel}));
  EXPECT_EQ(graph.quantizer(entry.factors[0]).name, "image.quant");
  EXPECT_EQ(graph.quantizer(entry.factors[1]).name, "net/conv.weight_quant");
  EXPECT_THAT(codes_of(graph, "net/conv.bias_quant"), ElementsAre(100, -70));
}

TEST(AddBias, DerivesItToWhereTheFileNamesNone) {
  TfliteFile file = test::int8_conv();
  file.tensor(2).quantization.reset();
  EXPECT_EQ(test::quantizer_of(imported(file), "net/conv.bias_quant").kind,
            QuantizerKind::kDerived);
}

TEST(AddBias, ToleratesTheRoundingOfAProductOnly) {
  for (const auto& [factor, kind] : {std::pair(1 + 1e-7, QuantizerKind::kDerived),
                                     std::pair(1 + 1e-5, QuantizerKind::kCalibrated)}) {
    TfliteFile file = test::int8_conv();
    for (float& scale : file.tensor(2).quantization->scale) {
      scale = static_cast<float>(scale * factor);
    }
    const Graph graph = imported(file);
    EXPECT_EQ(test::quantizer_of(graph, "net/conv.bias_quant").kind, kind);
    EXPECT_THAT(codes_of(graph, "net/conv.bias_quant"), ElementsAre(100, -70));
  }
}

TEST(AddBias, RefusesCodesThatFitNothing) {
  TfliteFile file = test::int8_conv();
  for (const int position : {0, 2}) file.tensor(position).quantization.reset();
  file.tensor(0).type = TensorType::FLOAT32;
  expect_error(ErrorCode::kParse, "its bias 'net/conv/bias' holds int64 without a scale",
               [&] { imported(file); });

  TfliteFile longer = test::int8_conv();
  longer.tensor(2).quantization.reset();
  longer.tensor(2).shape = {3};
  longer.model.buffers[2]->data.resize(12);
  expect_error(ErrorCode::kParse, "has 3 elements for 2 channels", [&] { imported(longer); });

  TfliteFile wide = test::int8_conv();
  wide.tensor(2).type = TensorType::INT64;
  wide.model.buffers[2]->data.assign(16, 0x7f);
  expect_error(ErrorCode::kUnsupported, "(supported: 32 bits)", [&] { imported(wide); });
}

}  // namespace
}  // namespace quern
