#include "quern/importers/onnx_upgrade.h"

#include <gmock/gmock.h>

#include <functional>

#include "quern/importers/onnx.h"
#include "tests/support/expect_error.h"
#include "tests/support/onnx_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::OnnxModel;
using testing::ElementsAre;

/// x [N, 3, 4, 4] → op → y in operator set `opset`; `fill` adds inputs and attributes.
Graph imported(std::int64_t opset, const std::string& op,
               const std::function<void(OnnxModel&, onnx::NodeProto*)>& fill = {},
               const std::vector<std::int64_t>& shape = {0, 3, 4, 4}) {
  OnnxModel model(opset);
  model.input("x", shape);
  onnx::NodeProto* node = model.node(op, {"x"}, "y", "it");
  if (fill) fill(model, node);
  model.output("y");
  return import_onnx(model.bytes(), "a.onnx");
}

const Node& it(const Graph& graph) { return graph.node(*graph.find_layer("it")); }

std::vector<std::int64_t> integers(const Graph& graph, std::size_t input) {
  return to_vector<std::int64_t>(*graph.value(it(graph).inputs.at(input)).constant);
}
float real(const Graph& graph, std::size_t input) {
  return to_vector<float>(*graph.value(it(graph).inputs.at(input)).constant).at(0);
}

TEST(Upgrade, ClipBoundsBecomeInputs) {
  const Graph graph = imported(9, "Clip", [](OnnxModel&, onnx::NodeProto* node) {
    OnnxModel::real(node, "max", 6);
    OnnxModel::real(node, "min", 0);
  });
  EXPECT_EQ(real(graph, 1), 0);
  EXPECT_EQ(real(graph, 2), 6);
  EXPECT_TRUE(it(graph).attributes.empty());
}

TEST(Upgrade, ClipWithOneBoundLeavesTheOtherOut) {
  const Graph graph = imported(
      7, "Clip", [](OnnxModel&, onnx::NodeProto* node) { OnnxModel::real(node, "max", 6); });
  EXPECT_FALSE(it(graph).inputs[1]);
  EXPECT_EQ(real(graph, 2), 6);
}

TEST(Upgrade, AxesBecomeAnInput) {
  const auto axes = [](OnnxModel&, onnx::NodeProto* node) { OnnxModel::ints(node, "axes", {0}); };
  EXPECT_THAT(integers(imported(11, "Unsqueeze", axes), 1), ElementsAre(0));
  EXPECT_THAT(integers(imported(11, "Squeeze", axes, {1, 3}), 1), ElementsAre(0));
}

TEST(Upgrade, ReduceMeanAxesBecomeAnAttribute) {
  const Graph graph = imported(18, "ReduceMean", [](OnnxModel& model, onnx::NodeProto* node) {
    model.initializer("axes", Tensor::of<std::int64_t>({2}, {2, 3}));
    node->add_input("axes");
  });
  EXPECT_EQ(it(graph).inputs.size(), 1U);
  EXPECT_THAT(graph.attribute_or<std::vector<std::int64_t>>(it(graph).id, "axes", {}),
              ElementsAre(2, 3));
}

TEST(Upgrade, ReduceMeanOverNoAxesMayMeanNothing) {
  const Graph graph = imported(18, "ReduceMean", [](OnnxModel&, onnx::NodeProto* node) {
    OnnxModel::number(node, "noop_with_empty_axes", 1);
  });
  EXPECT_EQ(it(graph).op, "Identity");
}

TEST(Upgrade, PadAndSliceAttributesBecomeInputs) {
  const Graph pad = imported(9, "Pad", [](OnnxModel&, onnx::NodeProto* node) {
    OnnxModel::ints(node, "pads", {0, 0, 1, 1, 0, 0, 1, 1});
    OnnxModel::real(node, "value", 2);
  });
  EXPECT_THAT(integers(pad, 1), ElementsAre(0, 0, 1, 1, 0, 0, 1, 1));
  EXPECT_EQ(real(pad, 2), 2);
  const Graph slice = imported(9, "Slice", [](OnnxModel&, onnx::NodeProto* node) {
    OnnxModel::ints(node, "starts", {1});
    OnnxModel::ints(node, "ends", {3});
    OnnxModel::ints(node, "axes", {2});
  });
  EXPECT_EQ(to_string(*slice.value(slice.outputs()[0]).dims), "[N, 3, 2, 4]");
}

TEST(Upgrade, UpsampleIsAnAsymmetricResize) {
  const Graph graph = imported(7, "Upsample", [](OnnxModel&, onnx::NodeProto* node) {
    auto* scales = OnnxModel::attribute(node, "scales", onnx::AttributeProto::FLOATS);
    for (const float scale : {1.0F, 1.0F, 2.0F, 2.0F}) scales->add_floats(scale);
    OnnxModel::text(node, "mode", "nearest");
  });
  EXPECT_EQ(it(graph).op, "Resize");
  EXPECT_FALSE(it(graph).inputs[1]);
  EXPECT_EQ(graph.attribute_or<std::string>(it(graph).id, "coordinate_transformation_mode", ""),
            "asymmetric");
  EXPECT_EQ(graph.attribute_or<std::string>(it(graph).id, "nearest_mode", ""), "floor");
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 3, 8, 8]");
}

TEST(Upgrade, SoftmaxOverTheLastAxisKeepsItsMeaning) {
  const Graph graph = imported(11, "Softmax", {}, {0, 10});
  EXPECT_EQ(graph.attribute_or<std::int64_t>(it(graph).id, "axis", -1), 1);
  const Graph trailing = imported(11, "Softmax", {}, {0, 10, 1, 1});
  EXPECT_EQ(trailing.attribute_or<std::int64_t>(it(trailing).id, "axis", -1), 1);
}

TEST(Upgrade, RefusesSoftmaxOverSeveralAxes) {
  expect_error(ErrorCode::kUnsupported,
               "layer 'it': Softmax normalises over the axes 1 to 3 together",
               [] { imported(11, "Softmax"); });
}

TEST(Upgrade, RefusesTrainingMode) {
  const auto statistics = [](OnnxModel& model, onnx::NodeProto* node) {
    for (const char* name : {"gamma", "beta", "mean", "var"}) {
      model.initializer(name, {3});
      node->add_input(name);
    }
  };
  expect_error(ErrorCode::kUnsupported, "layer 'it': BatchNormalization is in training mode", [&] {
    imported(15, "BatchNormalization", [&](OnnxModel& model, onnx::NodeProto* node) {
      statistics(model, node);
      OnnxModel::number(node, "training_mode", 1);
    });
  });
  expect_error(ErrorCode::kUnsupported, "computes statistics, as in training", [&] {
    imported(9, "BatchNormalization", [&](OnnxModel& model, onnx::NodeProto* node) {
      statistics(model, node);
      node->add_output("running_mean");
    });
  });
}

TEST(Upgrade, RefusesFormsWithoutAnEqual) {
  const auto number = [](const std::string& key, std::int64_t value) {
    return [=](OnnxModel&, onnx::NodeProto* node) { OnnxModel::number(node, key, value); };
  };
  expect_error(ErrorCode::kUnsupported, "has antialias = 1",
               [&] { imported(18, "Resize", number("antialias", 1)); });
  expect_error(ErrorCode::kUnsupported, "has spatial = 0",
               [&] { imported(7, "BatchNormalization", number("spatial", 0)); });
  expect_error(ErrorCode::kUnsupported, "computes its axes", [] {
    imported(18, "ReduceMean", [](OnnxModel&, onnx::NodeProto* node) { node->add_input("x"); });
  });
}

TEST(Upgrade, AttributeOfAnotherTypeIsAnErrorOfTheFile) {
  expect_error(ErrorCode::kParse, "layer 'it': the attribute 'max'", [] {
    imported(9, "Clip",
             [](OnnxModel&, onnx::NodeProto* node) { OnnxModel::number(node, "max", 6); });
  });
}

}  // namespace
}  // namespace quern
