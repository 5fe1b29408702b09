#include "quern/weights/import_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/exporters/qonnx.h"
#include "quern/tensor/npz.h"
#include "quern/zoo/zoo.h"
#include "tests/support/expect_error.h"
#include "tests/support/named_weights.h"
#include "tests/support/network.h"
#include "tests/support/safetensors_file.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

ZooOptions small(Framework framework, int classes = 3) {
  return {.width = 0.5, .input = 64, .classes = classes, .seed = 9, .framework = framework};
}

TEST(ImportWeights, EveryLibrarysFileGivesItsNetwork) {
  const test::TemporaryFolder folder;
  for (const NameScheme& scheme : name_schemes()) {
    SCOPED_TRACE(fmt::format("{} {}", scheme.library, scheme.network));
    const Graph source = make_network(scheme.network, small(scheme.framework));
    write_npz(folder / "w.npz", test::named_weights(source, scheme));
    const ImportedWeights imported = import_weights(
        folder / "w.npz", {.network = std::string(scheme.network), .input = 64, .classes = 3});
    EXPECT_EQ(imported.names, scheme.library);
    EXPECT_EQ(imported.width, 0.5);
    EXPECT_EQ(imported.folded, 0u);
    EXPECT_EQ(imported.graph, source);
  }
}

TEST(ImportWeights, ReadsSafetensors) {
  const test::TemporaryFolder folder;
  const NameScheme& scheme = test::scheme_of("timm", "mnasnet");
  const Graph source = make_network("mnasnet", small(Framework::kPyTorch));
  test::write_safetensors(folder / "w.safetensors", test::named_weights(source, scheme));
  EXPECT_EQ(import_weights(folder / "w.safetensors", {.network = "mnasnet", .input = 64}).graph,
            source);
}

TEST(ImportWeights, EveryNetworksFileGivesItsNetwork) {
  const test::TemporaryFolder folder;
  for (const ZooEntry& entry : zoo()) {
    for (const Framework framework : {Framework::kPyTorch, Framework::kTensorFlow}) {
      SCOPED_TRACE(fmt::format("{} {}", entry.name, static_cast<int>(framework)));
      const Graph source = make_network(entry.name, small(framework));
      export_qonnx(source, folder / "net.onnx", {.batch = 0});
      const ImportedWeights imported =
          import_weights(folder / "net.onnx", {.network = std::string(entry.name)});
      EXPECT_EQ(imported.names, "");
      EXPECT_EQ(imported.graph, source);
    }
  }
}

TEST(ImportWeights, TheBackgroundIsDroppedOrCounted) {
  const test::TemporaryFolder folder;
  const NameScheme& scheme = test::scheme_of("TF-slim", "mobilenet_v1");
  const Graph source = make_network("mobilenet_v1", small(Framework::kTensorFlow, 1001));
  auto tensors = test::named_weights(source, scheme);
  tensors["MobilenetV1/Logits/Conv2d_1c_1x1/biases"].mutable_data<float>()[1] = 5;
  write_npz(folder / "w.npz", tensors);

  const ImportedWeights whole = import_weights(folder / "w.npz", {.network = "mobilenet_v1"});
  EXPECT_EQ(whole.graph.label_offset, 1);
  EXPECT_THAT(whole.notes, testing::Contains(testing::HasSubstr("background: label offset 1")));

  const ImportedWeights dropped = import_weights(
      folder / "w.npz", {.network = "mobilenet_v1", .classes = 1000, .drop_background = true});
  EXPECT_EQ(dropped.graph.label_offset, 0);
  const auto constant = [](const Graph& graph, const std::string& name) {
    return to_vector<float>(*graph.value(*graph.find_value(name)).constant);
  };
  EXPECT_EQ(constant(dropped.graph, "conv_preds.bias")[0], 5);
  std::vector<float> weight = constant(whole.graph, "conv_preds.weight");
  weight.erase(weight.begin(), weight.begin() + 512);
  EXPECT_EQ(constant(dropped.graph, "conv_preds.weight"), weight);

  expect_error(ErrorCode::kInvalidArgument,
               "w.npz: it has 1001 classes, not 1000; --drop-background leaves out", [&] {
                 import_weights(folder / "w.npz", {.network = "mobilenet_v1", .classes = 1000});
               });
}

TEST(ImportWeights, DropsNoClassThatIsNoBackground) {
  const test::TemporaryFolder folder;
  const NameScheme& scheme = test::scheme_of("Keras", "resnet8");
  const Graph source = make_network("resnet8", {.width = 0.25, .input = 32, .seed = 9});
  write_npz(folder / "w.npz", test::named_weights(source, scheme));
  const auto refuse = [&](std::optional<int> classes, const std::string& part) {
    expect_error(ErrorCode::kInvalidArgument, part, [&] {
      import_weights(folder / "w.npz",
                     {.network = "resnet8", .classes = classes, .drop_background = true});
    });
  };
  refuse(std::nullopt, "w.npz: it has 10 classes, not 11");
  refuse(10, "w.npz: it has 10 classes, not 11");
  refuse(8, "w.npz: it has 10 classes, not 9");
}

TEST(ImportWeights, NotesWhatIsNotUsedAndNotRecorded) {
  const test::TemporaryFolder folder;
  const NameScheme& scheme = test::scheme_of("Keras", "resnet8");
  auto tensors = test::named_weights(make_network("resnet8"), scheme);
  tensors["optimizer/step"] = Tensor::scalar(std::int64_t{1});
  write_npz(folder / "w.npz", tensors);
  EXPECT_THAT(import_weights(folder / "w.npz", {.network = "resnet8"}).notes,
              testing::ElementsAre("1 tensors are not used: 'optimizer/step'",
                                   testing::HasSubstr("preprocessing")));
}

TEST(ImportWeights, FoldedBatchNormsBecomeBiases) {
  const test::TemporaryFolder folder;
  Graph folded = make_network("mobilenet_v2", small(Framework::kPyTorch));
  for (const NodeId id : folded.nodes_of("BatchNormalization")) {
    const Node batchnorm = folded.node(id);
    const NodeId conv = folded.producer(batchnorm.inputs[0])->id;
    folded.append_input(conv, batchnorm.inputs[2]);
    folded.bypass(id);
  }
  folded.erase_dead();
  export_qonnx(folded, folder / "folded.onnx", {.batch = 0});
  const ImportedWeights imported =
      import_weights(folder / "folded.onnx", {.network = "mobilenet_v2"});
  EXPECT_EQ(imported.batchnorms, 0u);
  EXPECT_EQ(imported.folded, 52u);
  EXPECT_TRUE(imported.graph.nodes_of("BatchNormalization").empty());
  const auto bias = [](const Graph& graph, const std::string& layer) {
    return *graph.value(graph.node(*graph.find_layer(layer)).inputs.at(2)).constant;
  };
  for (const char* layer : {"features.0.0", "features.9.conv.2", "classifier.1"}) {
    EXPECT_EQ(bias(imported.graph, layer), bias(folded, layer)) << layer;
  }
}

TEST(ImportWeights, RefusesAnotherNetwork) {
  const test::TemporaryFolder folder;
  Graph relu = make_network("mobilenet_v1", small(Framework::kTensorFlow));
  const NodeId clip = *relu.find_layer("conv_dw_1_relu");
  relu.remove_input(clip, 2);
  relu.remove_input(clip, 1);
  relu.set_op(clip, "Relu");
  export_qonnx(relu, folder / "relu.onnx");
  expect_error(ErrorCode::kUnsupported,
               "relu.onnx: it is another network than zoo:mobilenet_v1: behind layer 'conv_dw_1' "
               "stands Relu, behind the zoo's 'conv_dw_1' Clip(0, 6)",
               [&] { import_weights(folder / "relu.onnx", {.network = "mobilenet_v1"}); });

  test::Network network;
  export_qonnx(network.finish({network.op("r", "Relu", {network.input()})}), folder / "no.onnx");
  expect_error(ErrorCode::kParse, "no.onnx: it has no layer with weights",
               [&] { import_weights(folder / "no.onnx", {.network = "resnet8"}); });
}

TEST(ImportWeights, RefusesWhatIsNoFileOfWeights) {
  const test::TemporaryFolder folder;
  expect_error(ErrorCode::kInvalidArgument, "the zoo has no network 'resnet9'",
               [&] { import_weights(folder / "w.npz", {.network = "resnet9"}); });
  expect_error(ErrorCode::kUnsupported,
               "w.txt' is no file of weights that quern reads: .npz, .safetensors, .onnx",
               [&] { import_weights(folder / "w.txt", {.network = "resnet8"}); });
  expect_error(ErrorCode::kIo, "missing.npz",
               [&] { import_weights(folder / "missing.npz", {.network = "resnet8"}); });
}

}  // namespace
}  // namespace quern
