#include "quern/importers/onnx/quant.h"

#include <gmock/gmock.h>

#include <cmath>

#include "quern/importers/onnx.h"
#include "tests/support/expect_error.h"
#include "tests/support/onnx_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::OnnxModel;
using testing::ElementsAre;
using testing::IsEmpty;

Tensor vector_of(const std::vector<float>& values, const Shape& shape) {
  return Tensor::of<float>(shape, values);
}

/// x [N, 3, 4, 4] → Quant → y
struct QuantModel : OnnxModel {
  onnx::NodeProto* quant_node;

  explicit QuantModel(const Tensor& scale = Tensor::scalar(0.5F), float zero_point = 0,
                      float bits = 8) {
    import("qonnx.custom_op.general", 2);
    input("x", {0, 3, 4, 4});
    quant_node = quant("x", "y", scale, zero_point, bits);
    quant_node->set_name("q");
    output("y");
  }
};

Graph imported(const OnnxModel& model) { return import_onnx(model.bytes(), "a.onnx"); }

const Quantizer& quantizer_of(const Graph& graph, const std::string& layer) {
  return graph.quantizer(graph.node(*graph.find_layer(layer)).quantizer);
}

void expect_refusal(const OnnxModel& model, const std::string& part) {
  try {
    imported(model);
    ADD_FAILURE() << "no error, expected: " << part;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("layer 'q': "));
    EXPECT_THAT(error.what(), testing::HasSubstr(part));
    EXPECT_TRUE(error.code() == ErrorCode::kParse || error.code() == ErrorCode::kUnsupported);
  }
}

TEST(OnnxQuant, ReadsAttributesAndParameters) {
  QuantModel model(Tensor::scalar(0.5F), 3, 4);
  OnnxModel::number(model.quant_node, "signed", 0);
  OnnxModel::number(model.quant_node, "narrow", 1);
  OnnxModel::text(model.quant_node, "rounding_mode", "FLOOR");
  const Graph graph = imported(model);
  const Quantizer& read = quantizer_of(graph, "q");
  EXPECT_EQ(read.kind, QuantizerKind::kCalibrated);
  EXPECT_EQ(read.spec, (QuantSpec{.bits = 4,
                                  .is_signed = false,
                                  .symmetric = false,
                                  .narrow_range = true,
                                  .rounding = Rounding::kFloor}));
  EXPECT_THAT(read.zero_point, ElementsAre(3));
  EXPECT_THAT(graph.scale(read.scale).values, ElementsAre(0.5F));
  EXPECT_EQ(graph.node(*graph.find_layer("q")).inputs.size(), 1U);
  EXPECT_THAT(graph.node(*graph.find_layer("q")).attributes, IsEmpty());
}

TEST(OnnxQuant, ReadsBipolar) {
  QuantModel model;
  model.quant_node->set_op_type("BipolarQuant");
  model.quant_node->mutable_input()->DeleteSubrange(2, 2);
  EXPECT_TRUE(quantizer_of(imported(model), "q").spec.is_bipolar());
}

TEST(OnnxQuant, FindsTheChannelAxisFromTheEnd) {
  for (const Shape& shape : {Shape{1, 3, 1, 1}, Shape{3, 1, 1}}) {
    const Graph graph = imported(QuantModel(vector_of({1, 2, 3}, shape)));
    const Quantizer& read = quantizer_of(graph, "q");
    EXPECT_EQ(read.spec.granularity, Granularity::kPerChannel);
    EXPECT_EQ(read.spec.channel_axis, 1);
  }
  const Graph one = imported(QuantModel(vector_of({1}, {1, 1, 1, 1})));
  EXPECT_EQ(quantizer_of(one, "q").spec.granularity, Granularity::kPerTensor);
}

TEST(OnnxQuant, SpreadsOneZeroPointOverAllChannels) {
  const Graph graph = imported(QuantModel(vector_of({1, 2, 3}, {1, 3, 1, 1}), 7));
  EXPECT_THAT(quantizer_of(graph, "q").zero_point, ElementsAre(7, 7, 7));
}

TEST(OnnxQuant, NodesOfOneScaleInitializerShareTheScale) {
  QuantModel model;
  auto* second = model.quant("y", "z", Tensor::scalar(0.5F), 0, 4);
  second->set_name("second");
  second->set_input(1, "y.scale");
  model.output("z");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.scales().size(), 1U);
  EXPECT_EQ(quantizer_of(graph, "q").scale, quantizer_of(graph, "second").scale);
  EXPECT_EQ(graph.quantizers().size(), 2U);
}

TEST(OnnxQuant, RefusesScalesThatAreNone) {
  for (const float scale : {0.0F, -1.0F, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    expect_refusal(QuantModel(Tensor::scalar(scale)), "expected a finite number above 0");
  }
}

TEST(OnnxQuant, RefusesScalesOfAnyOtherShape) {
  expect_refusal(QuantModel(Tensor(DType::kFloat32, {0})), "its scale is empty");
  expect_refusal(QuantModel(vector_of({1, 1, 1, 1, 1, 1}, {1, 3, 2, 1})), "shape [1, 3, 2, 1]");
  expect_refusal(QuantModel(vector_of({1, 2}, {1, 2, 1, 1})), "it has 2 scales, expected 3");
  expect_refusal(QuantModel(vector_of({1, 2}, {2, 1, 1, 1, 1})), "along an axis that 'x' lacks");
}

TEST(OnnxQuant, RefusesBitsAndZeroPointsOffTheIntegers) {
  expect_refusal(QuantModel(Tensor::scalar(1.0F), 0, 7.5F), "its bit width is 7.5");
  expect_refusal(QuantModel(Tensor::scalar(1.0F), 0, 0), "its bit width is 0");
  expect_refusal(QuantModel(Tensor::scalar(1.0F), 0, 64), "its bit width is 64");
  expect_refusal(QuantModel(Tensor::scalar(1.0F), 0.5F), "a zero point is 0.5");
  expect_refusal(QuantModel(Tensor::scalar(1.0F), 1e20F), "a zero point is 1.0000000200408773e+20");
  expect_refusal(QuantModel(Tensor::scalar(1.0F), 0, 1), "one signed bit has the codes -1 and 0");
}

TEST(OnnxQuant, RefusesComputedParameters) {
  QuantModel model;
  model.node("Relu", {"y.scale"}, "computed", "scaler");
  model.quant_node->set_input(1, "computed");
  expect_refusal(model, "its scale is computed (supported: a constant)");
}

TEST(OnnxQuant, RefusesRoundingsItDoesNotCompute) {
  QuantModel model;
  OnnxModel::text(model.quant_node, "rounding_mode", "HALF_UP");
  expect_refusal(model, "rounding_mode 'HALF_UP' is not computed");
}

TEST(OnnxQuant, RefusesAMissingParameter) {
  QuantModel model;
  model.quant_node->mutable_input()->RemoveLast();
  expect_refusal(model, "it has 3 inputs and 1 outputs, expected 4 and 1");
}

TEST(OnnxQuant, RefusesTrunc) {
  QuantModel model;
  model.quant_node->set_op_type("Trunc");
  expect_refusal(model, "QONNX's Trunc is not read");
}

}  // namespace
}  // namespace quern
