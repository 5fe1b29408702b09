#include "quern/importers/onnx/upgrade.h"

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

TEST(Upgrade, AnOldResizeThatShrinksTakesTheElementAfter) {
  const auto resized = [](const std::vector<float>& scales) {
    return imported(10, "Resize", [&](OnnxModel& model, onnx::NodeProto* node) {
      model.initializer("scales", Tensor::of<float>({4}, scales));
      node->add_input("scales");
    });
  };
  const auto mode = [](const Graph& graph) {
    return graph.attribute_or<std::string>(it(graph).id, "nearest_mode", "");
  };
  EXPECT_EQ(mode(resized({1, 1, 2, 2})), "floor");
  EXPECT_EQ(mode(resized({1, 1, 0.5F, 1})), "ceil");
  expect_error(ErrorCode::kUnsupported, "layer 'it': Resize enlarges one axis and shrinks another",
               [&] {
                 resized({1, 1, 0.5F, 2});
               });
}

TEST(Upgrade, SoftmaxOverTheLastAxisKeepsItsMeaning) {
  const Graph graph = imported(11, "Softmax", {}, {0, 10});
  EXPECT_EQ(graph.attribute_or<std::int64_t>(it(graph).id, "axis", -1), 1);
  const Graph trailing = imported(11, "Softmax", {}, {0, 10, 1, 1});
  EXPECT_EQ(trailing.attribute_or<std::int64_t>(it(trailing).id, "axis", -1), 1);
}

std::vector<std::string> ops(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.nodes()) names.push_back(graph.node(id).op);
  return names;
}

TEST(Upgrade, SoftmaxOverSeveralAxesIsOneOfRows) {
  for (const char* op : {"Softmax", "LogSoftmax"}) {
    const Graph graph = imported(11, op);
    EXPECT_THAT(ops(graph), testing::UnorderedElementsAre("Flatten", op, "Shape", "Reshape"));
    EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 3, 4, 4]");
    EXPECT_EQ(graph.value(graph.outputs()[0]).name, "y");
  }
}

TEST(Upgrade, PadsOfChosenAxesBecomePadsOfAll) {
  const Graph graph = imported(18, "Pad", [](OnnxModel& model, onnx::NodeProto* node) {
    model.initializer("pads", Tensor::of<std::int64_t>({4}, std::vector<std::int64_t>{1, 2, 3, 4}));
    model.initializer("axes", Tensor::of<std::int64_t>({2}, std::vector<std::int64_t>{-1, 2}));
    node->add_input("pads");
    node->add_input("");
    node->add_input("axes");
  });
  EXPECT_THAT(integers(graph, 1), ElementsAre(0, 0, 2, 1, 0, 0, 4, 3));
}

TEST(Upgrade, TheLastPartOfASplitMayBeSmaller) {
  OnnxModel model(18);
  model.input("x", {0, 7});
  auto* split = model.node("Split", {"x"}, "a", "it");
  split->add_output("b");
  OnnxModel::number(split, "num_outputs", 2);
  OnnxModel::number(split, "axis", 1);
  model.output("a");
  model.output("b");
  EXPECT_THAT(integers(import_onnx(model.bytes(), "a.onnx"), 1), ElementsAre(4, 3));
  OnnxModel::number(split, "num_outputs", 2);
  split->mutable_attribute(0)->set_i(3);
  split->mutable_attribute()->RemoveLast();
  expect_error(ErrorCode::kParse, "layer 'it': Split has num_outputs = 3 and 2 outputs",
               [&] { import_onnx(model.bytes(), "a.onnx"); });
}

TEST(Upgrade, AResizeOfChosenAxesIsOneOfAll) {
  const Graph graph = imported(18, "Resize", [](OnnxModel& model, onnx::NodeProto* node) {
    model.initializer("scales", Tensor::of<float>({2}, std::vector<float>{2, 3}));
    node->add_input("");
    node->add_input("scales");
    OnnxModel::ints(node, "axes", {3, 2});
  });
  EXPECT_EQ(to_vector<float>(*graph.value(it(graph).inputs.at(2)).constant),
            (std::vector<float>{1, 1, 3, 2}));
}

TEST(Upgrade, HalfPixelsOfTensorflowAreThoseOfOthersRoundedUp) {
  const auto graph = [](const std::string& nearest_mode, const std::string& mode = "nearest") {
    return imported(11, "Resize", [&](OnnxModel& model, onnx::NodeProto* node) {
      model.initializer("scales", Tensor::of<float>({4}, std::vector<float>{1, 1, 2, 2}));
      node->add_input("");
      node->add_input("scales");
      OnnxModel::text(node, "coordinate_transformation_mode", "tf_half_pixel_for_nn");
      OnnxModel::text(node, "nearest_mode", nearest_mode);
      OnnxModel::text(node, "mode", mode);
    });
  };
  const Graph resize = graph("floor");
  EXPECT_EQ(resize.attribute_or<std::string>(it(resize).id, "coordinate_transformation_mode", ""),
            "half_pixel");
  EXPECT_EQ(resize.attribute_or<std::string>(it(resize).id, "nearest_mode", ""),
            "round_prefer_ceil");
  expect_error(ErrorCode::kUnsupported, "layer 'it': Resize rounds TensorFlow's coordinates",
               [&] { graph("ceil"); });
  expect_error(ErrorCode::kUnsupported, "interpolates at TensorFlow's coordinates",
               [&] { graph("floor", "linear"); });
}

TEST(Upgrade, AnExtremeWithANumberIsAClip) {
  const auto graph = [](const std::string& outer, float second, float first) {
    OnnxModel model;
    model.input("x", {0, 3});
    model.initializer("first", Tensor::scalar(first));
    model.initializer("second", Tensor::scalar(second));
    model.node("Max", {"first", "x"}, "m", "inner");
    model.node(outer, {"m", "second"}, "y", "it");
    model.output("y");
    return import_onnx(model.bytes(), "a.onnx");
  };
  const Graph relu6 = graph("Min", 6, 0);
  EXPECT_THAT(ops(relu6), ElementsAre("Clip"));
  EXPECT_EQ(real(relu6, 1), 0);
  EXPECT_EQ(real(relu6, 2), 6);
  EXPECT_EQ(relu6.value(relu6.outputs()[0]).name, "y");
  EXPECT_THAT(ops(graph("Max", 0, -1)), ElementsAre("Relu"));
  // max(x, 8), then at most 6: always 6.
  const Graph constant = graph("Min", 6, 8);
  EXPECT_EQ(real(constant, 1), 6);
  EXPECT_EQ(real(constant, 2), 6);
}

TEST(Upgrade, CastLikeIsACast) {
  const Graph graph = imported(15, "CastLike", [](OnnxModel& model, onnx::NodeProto* node) {
    model.initializer("like", Tensor::scalar<std::int64_t>(0));
    node->add_input("like");
  });
  EXPECT_EQ(it(graph).op, "Cast");
  EXPECT_EQ(graph.value(graph.outputs()[0]).dtype, DType::kInt64);
}

TEST(Upgrade, AListThatIsReadAtKnownPlacesIsASplit) {
  const auto model = [](std::int64_t place) {
    OnnxModel model;
    model.input("x", {0, 7});
    model.initializer("three", Tensor::scalar<std::int64_t>(3));
    model.initializer("place", Tensor::scalar(place));
    OnnxModel::number(model.node("SplitToSequence", {"x", "three"}, "list", "split"), "axis", 1);
    model.node("SequenceAt", {"list", "place"}, "y", "it");
    model.output("y");
    return model;
  };
  const Graph graph = import_onnx(model(-1).bytes(), "a.onnx");
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 1]");
  expect_error(ErrorCode::kUnsupported, "layer 'split': SplitToSequence makes a list of tensors",
               [&] { import_onnx(model(3).bytes(), "a.onnx"); });
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
