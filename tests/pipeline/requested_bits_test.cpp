// The widths that a recipe asks for are the widths in the QONNX file, read without quern's
// importer.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "onnx/onnx.pb.h"
#include "quern/data/synthetic.h"
#include "quern/exporters/qonnx.h"
#include "quern/importers/onnx/tensors.h"
#include "quern/pipeline/quantize.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

const Rule kConvsOfFour{.op = "Conv", .spec = {.weight_bits = 4}};
const Rule kGroupedOfEight{
    .op = "Conv", .groups = comparison_from("!= 1"), .spec = {.weight_bits = 8}};
const Rule kFirstOfEight{.layer = "features.0.0", .spec = {.weight_bits = 8}};

struct Widths {
  std::map<std::string, double> weights;      ///< Of each convolution and linear layer.
  std::map<std::string, double> activations;  ///< Of each Quant of a computed value.
  std::set<std::string> grouped;              ///< Convolutions of several groups.
};

class RequestedBits : public testing::Test {
 protected:
  RequestedBits() {
    write_synthetic_photos(folder_.path(), 2, /*seed=*/5);
    recipe_.model = {.source = "zoo:mobilenet_v2", .width = 0.25, .input = 32, .classes = 10};
    recipe_.data.calibration = (folder_ / "list.txt").string();
  }

  /// Quantizes by `rules` and reads the widths back.
  Widths widths(const std::vector<Rule>& rules) {
    recipe_.quantize.rules = rules;
    const std::vector<std::byte> bytes = to_qonnx(quantize(recipe_).graph);
    onnx::ModelProto model;
    EXPECT_TRUE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    return widths_in(model.graph());
  }

  test::TemporaryFolder folder_;
  Recipe recipe_;

 private:
  static Widths widths_in(const onnx::GraphProto& graph) {
    std::map<std::string, const onnx::TensorProto*> constants;
    for (const auto& constant : graph.initializer()) constants[constant.name()] = &constant;
    std::map<std::string, const onnx::NodeProto*> quants;
    Widths widths;
    for (const auto& node : graph.node()) {
      if (node.op_type() != "Quant") continue;
      quants[node.output(0)] = &node;
      if (!constants.contains(node.input(0))) {
        widths.activations[node.name()] = bits(*constants.at(node.input(3)));
      }
    }
    for (const auto& node : graph.node()) {
      if (node.op_type() != "Conv" && node.op_type() != "Gemm") continue;
      const onnx::NodeProto& quant = *quants.at(node.input(1));
      widths.weights[node.name()] = bits(*constants.at(quant.input(3)));
      for (const auto& attribute : node.attribute()) {
        if (attribute.name() == "group" && attribute.i() != 1) widths.grouped.insert(node.name());
      }
    }
    return widths;
  }

  static double bits(const onnx::TensorProto& constant) {
    return to_vector<double>(read_tensor(constant, {})).at(0);
  }
};

TEST_F(RequestedBits, ConvolutionsOfFour) {
  const Widths found = widths({kConvsOfFour});
  EXPECT_THAT(found.weights, testing::SizeIs(53));
  for (const auto& [layer, bits] : found.weights) {
    EXPECT_EQ(bits, layer == "classifier.1" ? 8 : 4) << layer;
  }
  for (const auto& [layer, bits] : found.activations) EXPECT_EQ(bits, 8) << layer;
}

TEST_F(RequestedBits, GroupedConvolutionsOfEightTheOthersOfFour) {
  const Widths found = widths({kConvsOfFour, kGroupedOfEight});
  EXPECT_THAT(found.grouped, testing::SizeIs(17));
  for (const auto& [layer, bits] : found.weights) {
    EXPECT_EQ(bits, found.grouped.contains(layer) || layer == "classifier.1" ? 8 : 4) << layer;
  }
}

TEST_F(RequestedBits, TheFirstOfEightAsWell) {
  const Widths found = widths({kConvsOfFour, kGroupedOfEight, kFirstOfEight});
  for (const auto& [layer, bits] : found.weights) {
    const bool stays =
        found.grouped.contains(layer) || layer == "classifier.1" || layer == "features.0.0";
    EXPECT_EQ(bits, stays ? 8 : 4) << layer;
  }
}

TEST_F(RequestedBits, ActivationsOfTheRecipe) {
  recipe_.quantize = {.weight_bits = 3, .activation_bits = 5};
  const Widths found = widths({{.layer = "features.3.conv.0.0", .spec = {.activation_bits = 6}}});
  for (const auto& [layer, bits] : found.weights) EXPECT_EQ(bits, 3) << layer;
  for (const auto& [layer, bits] : found.activations) {
    EXPECT_EQ(bits, layer == "features.3.conv.0.0.output_quant" ? 6 : 5) << layer;
  }
}

}  // namespace
}  // namespace quern
