// Networks that other tools wrote; skipped where the reference data is not at hand.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "quern/importers/onnx.h"

namespace quern {
namespace {

using testing::SizeIs;

/// The folder of reference data: $QUERN_DATA, or shared/data beside the source tree.
std::filesystem::path data_folder() {
  const char* named = std::getenv("QUERN_DATA");
  return named != nullptr ? named : "../shared/data";
}

class Interop : public testing::Test {
 protected:
  static Graph imported(const std::string& path) { return import_onnx(data_folder() / path); }

  void SetUp() override {
    if (!std::filesystem::exists(data_folder())) GTEST_SKIP() << "no " << data_folder();
  }
};

TEST_F(Interop, BrevitasNetworkOfFourBits) {
  const Graph graph = imported("interop/mini_mobilenetv2_w4a4_brevitas.onnx");
  EXPECT_THAT(graph.nodes_of("Quant"), SizeIs(70));
  EXPECT_TRUE(graph.find_layer("stem.0").has_value());
  EXPECT_TRUE(graph.find_layer("blocks.0.b.0").has_value());
  const Node& conv = graph.node(*graph.find_layer("blocks.0.b.0"));
  const Quantizer& weight = graph.quantizer(graph.quant_of(conv.inputs[1])->quantizer);
  EXPECT_EQ(weight.spec.bits, 4);
  EXPECT_TRUE(weight.spec.narrow_range);
  EXPECT_EQ(weight.spec.granularity, Granularity::kPerChannel);
  EXPECT_EQ(weight.spec.channel_axis, 0);
}

TEST_F(Interop, MobileNetV2NamesLayersByTheirWeights) {
  const Graph graph = imported("models/mobilenet_v2_1.0_224.onnx");
  EXPECT_THAT(graph.nodes_of("Conv"), SizeIs(52));
  for (const char* layer : {"features.0.0", "features.0.1", "classifier.1"}) {
    EXPECT_TRUE(graph.find_layer(layer).has_value()) << layer;
  }
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 1000]");
}

TEST_F(Interop, KerasNetworksKeepTheirLayers) {
  const Graph resnet = imported("models/resnet8_cifar10.onnx");
  for (const char* layer : {"conv2d", "batch_normalization", "conv2d_8"}) {
    EXPECT_TRUE(resnet.find_layer(layer).has_value()) << layer;
  }
  EXPECT_THAT(imported("models/vww_mobilenetv1_025_96.onnx").nodes_of("Conv"), SizeIs(27));
}

}  // namespace
}  // namespace quern
