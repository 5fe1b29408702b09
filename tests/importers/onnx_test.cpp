#include "quern/importers/onnx.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "quern/base/file.h"
#include "quern/base/random.h"
#include "tests/support/expect_error.h"
#include "tests/support/onnx_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::OnnxModel;
using testing::ElementsAre;
using testing::HasSubstr;

Graph imported(const OnnxModel& model, ImportReport* report = nullptr) {
  return import_onnx(model.bytes(), "a.onnx", report);
}

void expect_refusal(const OnnxModel& model, ErrorCode code, const std::string& part) {
  expect_error(code, "a.onnx: ", [&] { imported(model); });
  expect_error(code, part, [&] { imported(model); });
}

/// x → Relu → y
OnnxModel relu() {
  OnnxModel model;
  model.input("x", {0, 3, 4, 4});
  model.node("Relu", {"x"}, "y", "relu");
  model.output("y");
  return model;
}

/// x → BatchNormalization(variance) → y
OnnxModel batchnorm(const std::vector<float>& variance) {
  OnnxModel model;
  const auto channels = static_cast<std::int64_t>(variance.size());
  model.input("x", {0, channels, 4, 4});
  for (const char* name : {"bn.gamma", "bn.beta", "bn.mean"}) model.initializer(name, {channels});
  model.initializer("bn.var", Tensor::of<float>({channels}, variance));
  model.node("BatchNormalization", {"x", "bn.gamma", "bn.beta", "bn.mean", "bn.var"}, "y");
  model.output("y");
  return model;
}

TEST(ImportOnnx, ReadsNodesValuesAndFreeExtents) {
  OnnxModel model = relu();
  auto* entry = model.proto.add_metadata_props();
  entry->set_key("author");
  entry->set_value("me");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.name, "net");
  EXPECT_EQ(graph.metadata.at("author"), "me");
  const Node& node = graph.node(*graph.find_layer("relu"));
  EXPECT_EQ(graph.value(node.inputs[0]).dims->front(), (Dim{-1, "N"}));
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 3, 4, 4]");
}

TEST(ImportOnnx, NodesMayStandInAnyOrder) {
  OnnxModel model = relu();
  model.node("Relu", {"late"}, "z", "second");
  model.node("Relu", {"y"}, "late", "first");
  model.output("z");
  EXPECT_EQ(imported(model).nodes().size(), 3U);
}

TEST(ImportOnnx, AnInitializerListedAsInputIsAConstant) {
  OnnxModel model = relu();
  model.input("w", {3, 1, 1});
  model.initializer("w", {3, 1, 1});
  model.node("Mul", {"y", "w"}, "z");
  model.output("z");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.inputs().size(), 1U);
  EXPECT_TRUE(graph.is_constant(*graph.find_value("w")));
}

TEST(ImportOnnx, AnInitializerOfTwoReadersIsOneConstant) {
  OnnxModel model = relu();
  model.initializer("w", {3, 1, 1});
  model.node("Mul", {"y", "w"}, "a");
  model.node("Add", {"a", "w"}, "b");
  model.output("b");
  const Graph graph = imported(model);
  EXPECT_EQ(graph.use_count(*graph.find_value("w")), 2U);
}

TEST(ImportOnnx, ConstantNodesBecomeConstants) {
  OnnxModel model = relu();
  auto* constant = model.node("Constant", {}, "six");
  OnnxModel::real(constant, "value_float", 6);
  model.node("Clip", {"y", "", "six"}, "z");
  model.output("z");
  const Graph graph = imported(model);
  EXPECT_TRUE(graph.nodes_of("Constant").empty());
  EXPECT_EQ(graph.value(*graph.find_value("six")).constant, Tensor::scalar(6.0F));
}

// --- bad input ----------------------------------------------------------------------------------

TEST(ImportOnnx, RefusesWhatIsNoModel) {
  const auto refused = [](std::vector<std::byte> bytes, const std::string& part) {
    expect_error(ErrorCode::kParse, "a.onnx: not an ONNX model: " + part,
                 [&] { import_onnx(bytes, "a.onnx"); });
  };
  refused({}, "the file is empty");
  std::vector<std::byte> whole = relu().bytes();
  whole.resize(whole.size() / 2);
  refused(whole, "its");
  refused({std::byte{0x08}, std::byte{8}}, "it holds no graph");
  refused(std::vector<std::byte>(64, std::byte{0xff}), "its 64 bytes");
}

TEST(ImportOnnx, SurvivesRandomBytesAndTruncation) {
  Random random(1);
  const std::vector<std::byte> good = batchnorm({1, 1}).bytes();
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::byte> bytes = good;
    if (i % 4 == 0) bytes.resize(static_cast<std::size_t>(random.integer(0, std::ssize(good) - 1)));
    for (auto edits = random.integer(0, 4); edits > 0 && !bytes.empty(); --edits) {
      bytes[static_cast<std::size_t>(random.integer(0, std::ssize(bytes) - 1))] =
          static_cast<std::byte>(random.integer(0, 255));
    }
    try {
      import_onnx(bytes, "a.onnx");
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("a.onnx: "));
    }
  }
}

TEST(ImportOnnx, RefusesAMissingFile) {
  expect_error(ErrorCode::kIo, "missing.onnx", [] { import_onnx("no/such/missing.onnx"); });
}

TEST(ImportOnnx, RefusesVersionsItDoesNotKnow) {
  OnnxModel old_format = relu();
  old_format.proto.set_ir_version(2);
  expect_refusal(old_format, ErrorCode::kUnsupported, "IR version 2");
  OnnxModel old_ops = relu();
  old_ops.proto.mutable_opset_import(0)->set_version(6);
  expect_refusal(old_ops, ErrorCode::kUnsupported, "operator set 6 (supported: 7 and newer)");
  OnnxModel none = relu();
  none.proto.clear_opset_import();
  expect_refusal(none, ErrorCode::kParse, "names no version");
}

TEST(ImportOnnx, WarnsOfAnOperatorSetNewerThanItself) {
  OnnxModel model = relu();
  model.proto.mutable_opset_import(0)->set_version(99);
  ImportReport report;
  imported(model, &report);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("operator set 99")));
}

TEST(ImportOnnx, NamesAValueThatNothingDefines) {
  OnnxModel model = relu();
  model.node("Relu", {"ghost"}, "z", "reader");
  expect_refusal(model, ErrorCode::kParse,
                 "layer 'reader' reads 'ghost', which no node, input or initializer defines");
}

TEST(ImportOnnx, NamesAMissingInput) {
  OnnxModel model = relu();
  model.node("Relu", {}, "z", "reader");
  expect_refusal(model, ErrorCode::kParse, "layer 'reader'");
}

TEST(ImportOnnx, NamesALayerOnACycle) {
  OnnxModel model = relu();
  model.node("Relu", {"b"}, "a", "first");
  model.node("Relu", {"a"}, "b", "second");
  expect_refusal(model, ErrorCode::kParse, "layer 'first' is on a cycle");
}

TEST(ImportOnnx, NamesASecondDefinition) {
  OnnxModel twice = relu();
  twice.node("Relu", {"x"}, "y", "twin");
  expect_refusal(twice, ErrorCode::kParse, "layer 'twin' defines 'y', which is already defined");
  OnnxModel input = relu();
  input.node("Relu", {"y"}, "x", "loop");
  expect_refusal(input, ErrorCode::kParse, "layer 'loop' defines 'x'");
  OnnxModel initializer = relu();
  initializer.initializer("w", {1});
  initializer.initializer("w", {1});
  expect_refusal(initializer, ErrorCode::kParse, "initializer 'w' is defined twice");
}

TEST(ImportOnnx, WantsAnOutputThatSomethingComputes) {
  OnnxModel none = relu();
  none.proto.mutable_graph()->clear_output();
  expect_refusal(none, ErrorCode::kParse, "no output");
  OnnxModel ghost = relu();
  ghost.output("ghost");
  expect_refusal(ghost, ErrorCode::kParse, "the network's output reads 'ghost'");
}

TEST(ImportOnnx, NamesAnUnknownOpAndTheNearest) {
  OnnxModel model = relu();
  model.node("Convx", {"y"}, "z", "odd");
  model.output("z");
  expect_refusal(model, ErrorCode::kUnsupported, "layer 'odd': op 'Convx'");
  expect_refusal(model, ErrorCode::kUnsupported, "'Conv'");
}

TEST(ImportOnnx, NamesAnUnknownOperatorSet) {
  OnnxModel model = relu();
  model.node("FusedConv", {"y"}, "z", "fused")->set_domain("com.microsoft");
  expect_refusal(model, ErrorCode::kUnsupported, "layer 'fused': the op 'FusedConv' is of the");
}

TEST(ImportOnnx, RefusesControlFlowAndFunctions) {
  OnnxModel branch = relu();
  auto* node = branch.node("If", {"y"}, "z", "branch");
  OnnxModel::attribute(node, "then_branch", onnx::AttributeProto::GRAPH);
  expect_refusal(branch, ErrorCode::kUnsupported, "control flow is not read");
  OnnxModel call = relu();
  call.node("Mine", {"y"}, "z", "call")->set_domain("own");
  auto* function = call.proto.add_functions();
  function->set_name("Mine");
  function->set_domain("own");
  expect_refusal(call, ErrorCode::kUnsupported, "layer 'call' calls the model's own function");
}

TEST(ImportOnnx, NamesWeightsThatAreNotFinite) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    OnnxModel model = relu();
    model.initializer("w", {3, 1, 1}, bad);
    model.node("Mul", {"y", "w"}, "z", "scaled");
    model.output("z");
    expect_refusal(model, ErrorCode::kParse, "layer 'scaled': 'w' holds");
  }
}

TEST(ImportOnnx, JudgesVariances) {
  expect_refusal(batchnorm({1, -1}), ErrorCode::kParse,
                 "layer 'bn': the variance of channel 1 is -1");
  expect_refusal(batchnorm({std::nanf("")}), ErrorCode::kParse, "the variance of channel 0 is nan");
  ImportReport report;
  imported(batchnorm({0, 1, 1e-12F}), &report);
  EXPECT_THAT(report.warnings,
              ElementsAre(HasSubstr("layer 'bn': 2 of 3 channels have a variance below 1e-10 (the "
                                    "smallest is 0)")));
}

TEST(ImportOnnx, RefusesAbsurdExtents) {
  OnnxModel model = relu();
  auto* type = model.proto.mutable_graph()->mutable_input(0)->mutable_type();
  type->mutable_tensor_type()->mutable_shape()->mutable_dim(2)->set_dim_value(std::int64_t{1}
                                                                              << 40);
  expect_refusal(model, ErrorCode::kParse, "input 'x': it has the extent 1099511627776");
}

TEST(ImportOnnx, RefusesNamesThatAreNotUtf8) {
  OnnxModel model = relu();
  model.node("Relu", {"y"}, "z", "caf\xe9");
  expect_refusal(model, ErrorCode::kParse, "is not UTF-8");
}

TEST(ImportOnnx, RefusesDamagedMetadata) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"{", "it is damaged"}, {R"({"version":2})", "it has version 2"}, {"[]", "damaged"}}) {
    OnnxModel model = relu();
    auto* entry = model.proto.add_metadata_props();
    entry->set_key("quern");
    entry->set_value(text);
    expect_refusal(model, ErrorCode::kParse, "its quern metadata: " + part.substr(0, 0));
    expect_refusal(model, ErrorCode::kParse, part);
  }
}

}  // namespace
}  // namespace quern
