#include "quern/exporters/qonnx.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "onnx/onnx.pb.h"
#include "quern/base/file.h"
#include "quern/importers/onnx.h"
#include "quern/ops/op_def.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"
#include "tests/support/random_graph.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;
using testing::IsEmpty;

onnx::ModelProto parsed(const std::vector<std::byte>& bytes) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return model;
}

std::vector<std::byte> bytes_of(const onnx::ModelProto& model) {
  std::vector<std::byte> bytes(model.ByteSizeLong());
  EXPECT_TRUE(model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size())));
  return bytes;
}

const onnx::NodeProto& node_called(const onnx::ModelProto& model, const std::string& name) {
  return *std::ranges::find(model.graph().node(), name, &onnx::NodeProto::name);
}

std::vector<std::int64_t> dims_of(const onnx::ModelProto& model, const std::string& initializer) {
  const auto& all = model.graph().initializer();
  const auto found = std::ranges::find(all, initializer, &onnx::TensorProto::name);
  return {found->dims().begin(), found->dims().end()};
}

/// x → input.quant → Conv(weight_quant, bias_quant) → y, every grid 8 bits but the bias.
Graph quantized_conv() {
  Graph graph;
  graph.name = "net";
  const ValueId x = graph.add_input("x", DType::kFloat32, {{-1, "N"}, {3, ""}, {4, ""}, {4, ""}});
  const ValueId w = graph.add_constant("conv.weight", Tensor(DType::kFloat32, {2, 3, 1, 1}));
  const ValueId b = graph.add_constant("conv.bias", Tensor(DType::kFloat32, {2}));
  const ValueId y = graph.add_value("y");
  graph.add_node({.layer = "conv", .op = "Conv", .inputs = {x, w, b}, .outputs = {y}});
  graph.add_output(y);
  const QuantSpec channels = {.narrow_range = true, .granularity = Granularity::kPerChannel};
  QuantSpec wide = channels;
  wide.bits = 32;
  wide.narrow_range = false;
  const ScaleId input_scale = graph.add_scale({.name = "x.scale", .values = {0.5F}});
  const ScaleId weight_scale = graph.add_scale({.name = "w.scale", .values = {0.25F, 0.125F}});
  const QuantizerId input = graph.add_quantizer({.name = "x", .spec = {}, .scale = input_scale});
  const QuantizerId weight =
      graph.add_quantizer({.name = "w", .spec = channels, .scale = weight_scale});
  const QuantizerId bias = graph.add_quantizer(
      {.name = "b", .kind = QuantizerKind::kDerived, .spec = wide, .factors = {input, weight}});
  graph.insert_quant(x, input, "x.quant");
  graph.insert_quant(w, weight, "conv.weight_quant");
  graph.insert_quant(b, bias, "conv.bias_quant");
  infer_shapes(graph);
  return graph;
}

TEST(Qonnx, ImportGivesBackWhatWasExported) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Graph graph = test::random_graph(seed);
    for (const std::int64_t batch : {1, 0, 5}) {
      ImportReport report;
      const Graph again = import_onnx(to_qonnx(graph, {.batch = batch}), "a.onnx", &report);
      ASSERT_TRUE(again == graph.compacted()) << "seed " << seed << ", batch " << batch;
      ASSERT_THAT(report.warnings, IsEmpty()) << "seed " << seed;
    }
  }
}

TEST(Qonnx, AResizeNamesAllItsInputs) {
  test::Network net;
  const ValueId factors = net.constant("factors", Tensor::of<float>({4}, {1, 1, 2, 2}));
  const Graph graph = net.finish({net.op("resize", "Resize", {net.input(), ValueId{}, factors})});

  const std::vector<std::byte> bytes = to_qonnx(graph, {.batch = 0});
  const onnx::ModelProto model = parsed(bytes);
  EXPECT_THAT(model.graph().node(0).input(), testing::ElementsAre("input", "none", "factors"));
  EXPECT_TRUE(import_onnx(bytes, "a.onnx") == graph.compacted());
}

TEST(Qonnx, EqualGraphsGiveEqualBytes) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<std::byte> bytes = to_qonnx(test::random_graph(seed));
    ASSERT_EQ(to_qonnx(import_onnx(bytes, "a.onnx")), bytes) << "seed " << seed;
  }
}

TEST(Qonnx, WritesTheVersionsThatFinnReads) {
  const onnx::ModelProto model = parsed(to_qonnx(quantized_conv()));
  EXPECT_EQ(model.ir_version(), 8);
  ASSERT_EQ(model.opset_import_size(), 2);
  EXPECT_EQ(model.opset_import(0).version(), 17);
  EXPECT_EQ(model.opset_import(1).domain(), "qonnx.custom_op.general");
  EXPECT_EQ(model.opset_import(1).version(), 2);
}

TEST(Qonnx, GivesScalesTheShapesOfTheContract) {
  const onnx::ModelProto model = parsed(to_qonnx(quantized_conv()));
  const onnx::NodeProto& weight = node_called(model, "conv.weight_quant");
  const onnx::NodeProto& input = node_called(model, "x.quant");
  const onnx::NodeProto& bias = node_called(model, "conv.bias_quant");
  EXPECT_THAT(dims_of(model, weight.input(1)), ElementsAre(2, 1, 1, 1));
  EXPECT_THAT(dims_of(model, bias.input(1)), ElementsAre(2));
  EXPECT_THAT(dims_of(model, input.input(1)), IsEmpty());
  EXPECT_THAT(dims_of(model, weight.input(2)), IsEmpty());
  EXPECT_THAT(dims_of(model, weight.input(3)), IsEmpty());
  EXPECT_EQ(weight.input(0), "conv.weight");
  EXPECT_EQ(weight.input(1), "w.scale");
  EXPECT_EQ(weight.domain(), "qonnx.custom_op.general");
}

TEST(Qonnx, WritesAShapeForEveryValue) {
  const onnx::ModelProto model = parsed(to_qonnx(quantized_conv()));
  const auto batch_of = [](const onnx::ValueInfoProto& value) {
    return value.type().tensor_type().shape().dim(0).dim_value();
  };
  EXPECT_EQ(batch_of(model.graph().input(0)), 1);
  EXPECT_EQ(batch_of(model.graph().output(0)), 1);
  EXPECT_EQ(model.graph().value_info_size(), 3);
}

TEST(Qonnx, SharesOneInitializerPerScale) {
  Graph graph = quantized_conv();
  const ScaleId scale = graph.quantizer(graph.node(*graph.find_layer("x.quant")).quantizer).scale;
  const QuantizerId wider =
      graph.add_quantizer({.name = "y", .spec = {.bits = 12}, .scale = scale});
  graph.insert_quant(*graph.find_value("y"), wider, "y.quant");
  const onnx::ModelProto model = parsed(to_qonnx(graph));
  EXPECT_EQ(node_called(model, "x.quant").input(1), node_called(model, "y.quant").input(1));
}

TEST(Qonnx, OneSignedBitIsBipolar) {
  Graph graph = quantized_conv();
  graph.quantizer(graph.node(*graph.find_layer("x.quant")).quantizer).spec = {.bits = 1};
  const onnx::ModelProto model = parsed(to_qonnx(graph));
  EXPECT_EQ(node_called(model, "x.quant").op_type(), "BipolarQuant");
  EXPECT_EQ(node_called(model, "x.quant").input_size(), 2);
}

TEST(Qonnx, FloatGraphNeedsNoFurtherOperatorSet) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {{1, ""}, {3, ""}});
  const ValueId y = graph.add_value("y");
  graph.add_node({.layer = "relu", .op = "Relu", .inputs = {x}, .outputs = {y}});
  graph.add_output(y);
  EXPECT_EQ(parsed(to_qonnx(graph)).opset_import_size(), 1);
}

TEST(Qonnx, RefusesAScaleThatIsNotKnown) {
  Graph graph = quantized_conv();
  graph.scale(graph.scales().front()).values.clear();
  expect_error(ErrorCode::kInvalidArgument, "its scale is not known yet", [&] { to_qonnx(graph); });
}

TEST(Qonnx, RefusesABipolarZeroPoint) {
  Graph graph = quantized_conv();
  Quantizer& quantizer = graph.quantizer(graph.node(*graph.find_layer("x.quant")).quantizer);
  quantizer.spec = {.bits = 1};
  quantizer.zero_point = {1};
  expect_error(ErrorCode::kInvalidArgument, "layer 'x.quant': a bipolar grid",
               [&] { to_qonnx(graph); });
}

TEST(Qonnx, RefusesItsOwnKeyAmongTheModelsPairs) {
  Graph graph = quantized_conv();
  graph.metadata["quern"] = "mine";
  expect_error(ErrorCode::kInvalidArgument, "the metadata key 'quern' is taken",
               [&] { to_qonnx(graph); });
}

TEST(Qonnx, LeavesNothingBehindWhereItCannotWrite) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "file").put('x');
  expect_error(ErrorCode::kIo, "file",
               [&] { export_qonnx(quantized_conv(), folder / "file/a.onnx"); });
}

TEST(Qonnx, WritesAFileThatImports) {
  const test::TemporaryFolder folder;
  const Graph graph = quantized_conv();
  export_qonnx(graph, folder / "a.onnx");
  EXPECT_TRUE(import_onnx(folder / "a.onnx") == graph.compacted());
}

// --- files that another tool edited since -------------------------------------------------------

Graph imported_after(const std::function<void(onnx::ModelProto&)>& edit, ImportReport& report) {
  onnx::ModelProto model = parsed(to_qonnx(quantized_conv()));
  edit(model);
  return import_onnx(bytes_of(model), "a.onnx", &report);
}

TEST(EditedQonnx, RenamedQuantBecomesAnEntryOfItsOwn) {
  ImportReport report;
  const Graph graph = imported_after(
      [](onnx::ModelProto& model) {
        for (auto& node : *model.mutable_graph()->mutable_node()) node.set_name(node.name() + "_0");
      },
      report);
  const Quantizer& bias =
      graph.quantizer(graph.node(*graph.find_layer("conv.bias_quant_0")).quantizer);
  EXPECT_EQ(bias.kind, QuantizerKind::kCalibrated);
  EXPECT_THAT(graph.scale(bias.scale).values, ElementsAre(0.125F, 0.0625F));
}

TEST(EditedQonnx, OtherBitsWinOverTheMetadata) {
  ImportReport report;
  const Graph graph = imported_after(
      [](onnx::ModelProto& model) {
        for (auto& initializer : *model.mutable_graph()->mutable_initializer()) {
          const float four = 4;
          if (initializer.name() == "bits_8") initializer.set_raw_data(&four, sizeof four);
        }
      },
      report);
  EXPECT_EQ(graph.quantizer(graph.node(*graph.find_layer("x.quant")).quantizer).spec.bits, 4);
  EXPECT_THAT(report.warnings, testing::Contains(testing::HasSubstr("layer 'x.quant': the file was "
                                                                    "edited since")));
}

TEST(EditedQonnx, OtherScalesWinOverTheDerivation) {
  ImportReport report;
  const Graph graph = imported_after(
      [](onnx::ModelProto& model) {
        for (auto& initializer : *model.mutable_graph()->mutable_initializer()) {
          const float one = 1;
          if (initializer.name() == "x.scale") initializer.set_raw_data(&one, sizeof one);
        }
      },
      report);
  const Quantizer& bias =
      graph.quantizer(graph.node(*graph.find_layer("conv.bias_quant")).quantizer);
  EXPECT_EQ(bias.kind, QuantizerKind::kCalibrated);
  EXPECT_EQ(report.warnings.size(), 1U);
}

TEST(EditedQonnx, AnotherBatchStaysFixed) {
  ImportReport report;
  const Graph graph = imported_after(
      [](onnx::ModelProto& model) {
        auto* shape =
            model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type();
        shape->mutable_shape()->mutable_dim(0)->set_dim_value(4);
      },
      report);
  EXPECT_EQ(graph.value(graph.inputs()[0]).dims->front().size, 4);
}

}  // namespace
}  // namespace quern
