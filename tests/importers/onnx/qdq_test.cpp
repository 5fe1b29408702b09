#include "quern/importers/onnx/qdq.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "quern/importers/onnx.h"
#include "tests/support/expect_error.h"
#include "tests/support/onnx_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::OnnxModel;
using testing::ElementsAre;
using testing::IsEmpty;

template <class T>
Tensor codes(const std::vector<T>& values) {
  return Tensor::of<T>({std::ssize(values)}, values);
}

/// x [N, 3, 4, 4] in operator set 21, and pairs around what reads it.
struct PairModel : OnnxModel {
  PairModel() : OnnxModel(21) { input("x", {0, 3, 4, 4}); }

  /// The initializers of a grid, called NAME.scale and NAME.zero.
  void grid(const std::string& name, const Tensor& scale, const Tensor& zero) {
    initializer(name + ".scale", scale);
    initializer(name + ".zero", zero);
  }

  onnx::NodeProto* quantize(const std::string& from, const std::string& to,
                            const std::string& grid) {
    return node("QuantizeLinear", {from, grid + ".scale", grid + ".zero"}, to, to + ".q");
  }
  onnx::NodeProto* dequantize(const std::string& from, const std::string& to,
                              const std::string& grid) {
    return node("DequantizeLinear", {from, grid + ".scale", grid + ".zero"}, to, to + ".dq");
  }
};

/// x → Q → DQ → Relu → y
PairModel activation_model(const Tensor& zero, float scale = 0.5F) {
  PairModel model;
  model.grid("g", Tensor::scalar(scale), zero);
  model.quantize("x", "xq", "g");
  model.dequantize("xq", "xd", "g");
  model.node("Relu", {"xd"}, "y", "relu");
  model.output("y");
  return model;
}

Graph imported(const OnnxModel& model) { return import_onnx(model.bytes(), "a.onnx"); }

std::vector<std::string> ops(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.nodes()) names.push_back(graph.node(id).op);
  return names;
}

const Quantizer& quantizer_behind(const Graph& graph, const std::string& layer, std::size_t input) {
  const Node* quant = graph.quant_of(graph.node(*graph.find_layer(layer)).inputs.at(input));
  EXPECT_NE(quant, nullptr);
  return graph.quantizer(quant->quantizer);
}

void expect_refusal(const OnnxModel& model, const std::string& part,
                    ErrorCode code = ErrorCode::kUnsupported) {
  expect_error(code, part, [&] { imported(model); });
}

TEST(QuantizePairs, APairIsOneQuant) {
  const Graph graph = imported(activation_model(Tensor::scalar<std::uint8_t>(7)));
  EXPECT_THAT(ops(graph), ElementsAre("Quant", "Relu"));
  const Quantizer& read = quantizer_behind(graph, "relu", 0);
  EXPECT_EQ(read.spec.bits, 8);
  EXPECT_FALSE(read.spec.is_signed);
  EXPECT_FALSE(read.spec.symmetric);
  EXPECT_THAT(read.zero_point, ElementsAre(7));
  EXPECT_THAT(graph.scale(read.scale).values, ElementsAre(0.5F));
}

TEST(QuantizePairs, TheZeroPointsTypeIsTheGrids) {
  const auto spec = [](const Tensor& zero) {
    const Graph graph = imported(activation_model(zero));
    return quantizer_behind(graph, "relu", 0).spec;
  };
  EXPECT_EQ(to_string(spec(Tensor::scalar<std::int8_t>(0))), "int8");
  EXPECT_EQ(to_string(spec(Tensor::scalar<std::uint16_t>(0))), "uint16");
  EXPECT_EQ(to_string(spec(Tensor::scalar<std::int16_t>(0))), "int16");
  expect_refusal(activation_model(Tensor::scalar(0.0F)), "its codes are of type float32");
}

TEST(QuantizePairs, WithoutAZeroPointTheTypeIsNamedOrUint8) {
  PairModel model;
  model.initializer("s", Tensor::scalar(0.5F));
  auto* quantize = model.node("QuantizeLinear", {"x", "s"}, "xq", "q");
  model.node("DequantizeLinear", {"xq", "s"}, "y", "dq");
  model.output("y");
  EXPECT_EQ(to_string(imported(model).quantizer(QuantizerId{0}).spec), "uint8");
  OnnxModel::number(quantize, "output_dtype", onnx::TensorProto::INT4);
  EXPECT_EQ(to_string(imported(model).quantizer(QuantizerId{0}).spec), "int4");
}

TEST(QuantizePairs, SeveralReadersShareOneQuant) {
  PairModel model = activation_model(Tensor::scalar<std::int8_t>(0));
  model.dequantize("xq", "again", "g");
  model.node("Sigmoid", {"again"}, "z", "sigmoid");
  model.output("z");
  EXPECT_THAT(ops(imported(model)), ElementsAre("Quant", "Relu", "Sigmoid"));
}

TEST(QuantizePairs, PairsThatReadOneScaleShareIt) {
  PairModel model = activation_model(Tensor::scalar<std::int8_t>(0));
  model.quantize("y", "yq", "g");
  model.dequantize("yq", "z", "g");
  model.output("z");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.quantizers().size(), 2U);
  EXPECT_EQ(graph.scales().size(), 1U);
}

TEST(QuantizePairs, WhatMovesCodesMovesValues) {
  PairModel model;
  model.grid("g", Tensor::scalar(0.5F), Tensor::scalar<std::uint8_t>(3));
  model.quantize("x", "xq", "g");
  OnnxModel::ints(model.node("MaxPool", {"xq"}, "pooled", "pool"), "kernel_shape", {2, 2});
  model.dequantize("pooled", "y", "g");
  model.output("y");
  const Graph graph = imported(model);
  EXPECT_THAT(ops(graph), ElementsAre("Quant", "MaxPool"));
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "y");
}

TEST(QuantizePairs, AClipOfCodesLeavesFewerBits) {
  const auto spec = [](std::int8_t low, std::int8_t high) {
    PairModel model;
    model.grid("g", Tensor::scalar(0.5F), Tensor::scalar<std::int8_t>(0));
    model.initializer("low", Tensor::scalar(low));
    model.initializer("high", Tensor::scalar(high));
    model.quantize("x", "xq", "g");
    model.node("Clip", {"xq", "low", "high"}, "clipped", "clip");
    model.dequantize("clipped", "y", "g");
    model.output("y");
    return to_string(imported(model).quantizer(QuantizerId{0}).spec);
  };
  EXPECT_EQ(spec(-127, 127), "int8 narrow");
  EXPECT_EQ(spec(-8, 7), "int4");
  EXPECT_EQ(spec(-7, 7), "int4 narrow");
  expect_error(ErrorCode::kUnsupported, "clips codes to -3 … 7, which is no range of whole bits",
               [&] { spec(-3, 7); });
}

TEST(QuantizePairs, RefusesAClipOfCodesThatOthersReadToo) {
  PairModel model;
  model.grid("g", Tensor::scalar(0.5F), Tensor::scalar<std::int8_t>(0));
  model.initializer("low", Tensor::scalar<std::int8_t>(-8));
  model.initializer("high", Tensor::scalar<std::int8_t>(7));
  model.quantize("x", "xq", "g");
  model.node("Flatten", {"xq"}, "moved", "flatten");
  model.node("Clip", {"moved", "low", "high"}, "clipped", "clip");
  model.dequantize("clipped", "y", "g");
  model.dequantize("xq", "z", "g");
  model.output("y");
  model.output("z");
  expect_error(ErrorCode::kUnsupported, "clips codes that others read unclipped",
               [&] { imported(model); });
}

TEST(QuantizePairs, EveryStoredCodeComesBack) {
  std::vector<std::int8_t> every(256);
  std::iota(every.begin(), every.end(), std::int8_t{-128});
  for (const float scale : {1.0F, 0.1F, 0.0123456F, 3e-7F, 1e5F, 1.17e-38F}) {
    for (const int zero : {-128, -3, 0, 5, 127}) {
      PairModel model;
      model.grid("g", Tensor::scalar(scale), Tensor::scalar(static_cast<std::int8_t>(zero)));
      model.initializer("w_quantized", codes(every));
      model.dequantize("w_quantized", "w", "g");
      model.output("w");
      const Graph graph = imported(model);
      const Node& quant = graph.node(graph.nodes()[0]);
      const auto values = to_vector<float>(*graph.constant_behind(quant.outputs[0]));
      for (std::size_t i = 0; i < every.size(); ++i) {
        // The law of numbers: quern/ARCHITECTURE.md.
        const float code = std::nearbyint(values[i] / scale + static_cast<float>(zero));
        ASSERT_EQ(code, every[i]) << "scale " << scale << ", zero point " << zero;
      }
    }
  }
}

TEST(QuantizePairs, ConstantsHaveOneScalePerChannel) {
  PairModel model;
  model.grid("g", Tensor::of<float>({2}, std::vector<float>{0.5F, 2}),
             Tensor::of<std::int8_t>({2}, std::vector<std::int8_t>{0, 1}));
  model.initializer("w_quantized",
                    Tensor::of<std::int8_t>({3, 2}, std::vector<std::int8_t>{1, 2, 3, 4, 5, 6}));
  model.dequantize("w_quantized", "w", "g");
  model.output("w");
  const Graph graph = imported(model);
  const Node& quant = graph.node(graph.nodes()[0]);
  EXPECT_THAT(to_vector<float>(*graph.constant_behind(quant.outputs[0])),
              ElementsAre(0.5F, 2, 1.5F, 6, 2.5F, 10));
  const Quantizer& read = graph.quantizer(quant.quantizer);
  EXPECT_EQ(read.spec.channel_axis, 1);
  EXPECT_THAT(read.zero_point, ElementsAre(0, 1));
}

TEST(QuantizePairs, PackedCodesHaveFourBits) {
  PairModel model;
  model.initializer("g.scale", Tensor::scalar(0.5F));
  auto* packed = model.proto.mutable_graph()->add_initializer();
  packed->set_name("w_quantized");
  packed->set_data_type(onnx::TensorProto::INT4);
  packed->add_dims(3);
  packed->set_raw_data("\x71\x0f");  // 1, 7, -1
  model.node("DequantizeLinear", {"w_quantized", "g.scale"}, "w", "dq");
  model.output("w");
  const Graph graph = imported(model);
  const Node& quant = graph.node(graph.nodes()[0]);
  EXPECT_THAT(to_vector<float>(*graph.constant_behind(quant.outputs[0])),
              ElementsAre(0.5F, 3.5F, -0.5F));
  EXPECT_EQ(graph.quantizer(quant.quantizer).spec.bits, 4);
}

/// x → Q → DQ → Conv with weights and a bias of integers → y
PairModel conv_model(const std::vector<float>& bias_scale) {
  PairModel model;
  model.grid("in", Tensor::scalar(0.5F), Tensor::scalar<std::uint8_t>(0));
  model.quantize("x", "xq", "in");
  model.dequantize("xq", "xd", "in");
  model.grid("w", codes<float>({0.25F, 0.1F}), codes<std::int8_t>({0, 0}));
  model.initializer("conv.weight_quantized", Tensor(DType::kInt8, {2, 3, 1, 1}));
  OnnxModel::number(model.dequantize("conv.weight_quantized", "wd", "w"), "axis", 0);
  model.grid("b", codes(bias_scale), codes<std::int32_t>({0, 0}));
  model.initializer("conv.bias_quantized", codes<std::int32_t>({40, -3}));
  OnnxModel::number(model.dequantize("conv.bias_quantized", "bd", "b"), "axis", 0);
  model.node("Conv", {"xd", "wd", "bd"}, "y");
  model.output("y");
  return model;
}

TEST(QuantizePairs, ABiasOnTheProductOfScalesIsDerived) {
  const Graph graph = imported(conv_model({0.125F, 0.5F * 0.1F}));
  const Quantizer& bias = quantizer_behind(graph, "conv", 2);
  EXPECT_EQ(bias.kind, QuantizerKind::kDerived);
  EXPECT_EQ(bias.factors[0], quantizer_behind(graph, "conv", 0).id);
  EXPECT_EQ(bias.factors[1], quantizer_behind(graph, "conv", 1).id);
  EXPECT_EQ(graph.params(bias.id).scale, (std::vector<float>{0.125F, 0.05F}));
}

TEST(QuantizePairs, AnotherBiasKeepsItsScale) {
  const Graph graph = imported(conv_model({0.125F, 0.06F}));
  const Quantizer& bias = quantizer_behind(graph, "conv", 2);
  EXPECT_EQ(bias.kind, QuantizerKind::kCalibrated);
  EXPECT_EQ(graph.params(bias.id).scale, (std::vector<float>{0.125F, 0.06F}));
}

TEST(QuantizePairs, IntegerInputsAndOutputsBecomeFloat) {
  PairModel model;
  auto* type = model.proto.mutable_graph()->mutable_input(0)->mutable_type();
  type->mutable_tensor_type()->set_elem_type(onnx::TensorProto::UINT8);
  model.grid("g", Tensor::scalar(0.5F), Tensor::scalar<std::uint8_t>(2));
  model.dequantize("x", "xd", "g");
  model.node("Relu", {"xd"}, "r", "relu");
  model.quantize("r", "y", "g");
  model.output("y");
  const Graph graph = imported(model);
  EXPECT_THAT(ops(graph), ElementsAre("Quant", "Relu", "Quant"));
  EXPECT_EQ(graph.value(graph.inputs()[0]).dtype, DType::kFloat32);
  EXPECT_EQ(graph.value(graph.outputs()[0]).dtype, DType::kFloat32);
}

TEST(QuantizePairs, ReadsOnnxruntimesOwnNames) {
  PairModel model = activation_model(Tensor::scalar<std::int8_t>(0));
  model.import("com.microsoft", 1);
  for (auto& node : *model.proto.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Relu") node.set_domain("com.microsoft");
  }
  EXPECT_THAT(ops(imported(model)), ElementsAre("Quant", "Relu"));
}

TEST(QuantizePairs, RefusesOtherFormats) {
  PairModel integers;
  integers.node("ConvInteger", {"x", "x"}, "y", "conv");
  integers.output("y");
  expect_refusal(integers,
                 "layer 'conv': ConvInteger computes with integers (supported: "
                 "QuantizeLinear and DequantizeLinear around float ops; quantize with "
                 "quant_format=QuantFormat.QDQ)");
  PairModel dynamic;
  dynamic.node("DynamicQuantizeLinear", {"x"}, "y", "q");
  dynamic.output("y");
  expect_refusal(dynamic, "layer 'q': DynamicQuantizeLinear measures its range in every run");
  PairModel blocks = activation_model(Tensor::scalar<std::int8_t>(0));
  OnnxModel::number(blocks.proto.mutable_graph()->mutable_node(0), "block_size", 32);
  expect_refusal(blocks, "layer 'xq.q': it has a scale for each block");
}

TEST(QuantizePairs, RefusesGridsThatDoNotFit) {
  expect_refusal(activation_model(Tensor::scalar<std::int8_t>(0), 0), "a scale is 0",
                 ErrorCode::kParse);
  expect_refusal(activation_model(Tensor::scalar<std::int32_t>(1)),
                 "its codes of 32 bits have the zero point 1, expected 0", ErrorCode::kParse);
  PairModel other = activation_model(Tensor::scalar<std::int8_t>(0));
  other.grid("h", Tensor::scalar(0.25F), Tensor::scalar<std::int8_t>(0));
  other.dequantize("xq", "z", "h");
  other.output("z");
  expect_refusal(other, "layer 'z.dq': it reads codes by another scale or zero point than 'xq.q'");
  PairModel computed = activation_model(Tensor::scalar<std::int8_t>(0));
  computed.node("Relu", {"g.scale"}, "s", "s");
  computed.proto.mutable_graph()->mutable_node(0)->set_input(1, "s");
  expect_refusal(computed, "its scale is computed");
}

TEST(QuantizePairs, RefusesToComputeWithCodes) {
  PairModel model;
  model.grid("g", Tensor::scalar(0.5F), Tensor::scalar<std::int8_t>(0));
  model.quantize("x", "xq", "g");
  model.node("Add", {"xq", "xq"}, "sum", "add");
  model.dequantize("sum", "y", "g");
  model.output("y");
  expect_refusal(model, "layer 'add': Add reads the codes of 'xq'");
}

}  // namespace
}  // namespace quern
