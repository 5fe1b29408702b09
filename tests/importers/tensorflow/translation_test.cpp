#include "quern/importers/tensorflow/translation.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/tensorflow_graph.h"

namespace quern::tensorflow {
namespace {

using test::only;
using test::output_dims;
using test::read_by;
using test::TensorflowGraph;
using Integers = std::vector<std::int64_t>;

/// A Relu of x [1, 4, 4, 3] under translation.
struct OneNode {
  TensorflowGraph file;
  ImportReport report;
  std::optional<Wiring> wiring;
  std::optional<Translation> all;

  OneNode() {
    file.input("x", {1, 4, 4, 3});
    file.node("Relu", "y", {"x"});
    wiring.emplace(file.proto);
    all.emplace(Translation{*wiring, report, {}, {}, {}, {}});
    all->results.resize(2);
    all->failures.resize(2);
    all->results[0] = {all->graph.add_input("x", DType::kFloat32, fixed_dims({1, 4, 4, 3}))};
  }

  NodeTranslation node() { return {*all, 1}; }
};

TEST(TensorflowTranslation, FoldsWhatIsKnown) {
  OneNode one;
  const Operand vector("v", Tensor::of<float>({3}, {1, 2, 3}));
  const Operand row = one.node().emit("Unsqueeze", {vector, one.node().list("axes", {0})});
  ASSERT_NE(row.constant, nullptr);
  EXPECT_EQ(row.constant->tensor.shape(), (Shape{1, 3}));
  EXPECT_TRUE(one.all->graph.nodes().empty());
}

TEST(TensorflowTranslation, InfersShapesOnTheWay) {
  OneNode one;
  NodeTranslation node = one.node();
  const Operand image = node.to_channels_first(node.operand(0));
  EXPECT_EQ(to_string(node.dims(image)), "[1, 3, 4, 4]");
  const Operand pooled = node.emit_image_op("GlobalMaxPool", {image}, {});
  EXPECT_EQ(to_string(node.dims(pooled)), "[1, 1, 1, 3]");
  EXPECT_EQ(to_string(node.dims(node.to_channels_first(pooled))), "[1, 3, 1, 1]");
  EXPECT_EQ(one.all->graph.nodes_of("Transpose").size(), 2U);
}

TEST(TensorflowTranslation, StopsOnlyWhoReadsAFailure) {
  OneNode one;
  one.all->failures[0] = Error(ErrorCode::kUnsupported, "no such input");
  test::expect_error(ErrorCode::kUnsupported, "no such input", [&] { one.node().operand(0); });
  test::expect_error(ErrorCode::kParse, "layer 'y' (Relu): it has 1 inputs, expected more than 1",
                     [&] { one.node().operand(1); });
}

TEST(TensorflowTranslation, NamesALayerAfterItsWeightsScope) {
  OneNode one;
  const auto layer = [&](const std::string& weight) {
    NodeTranslation node = one.node();
    node.name_after(weight);
    const Operand result = node.emit("Relu", {node.operand(0)});
    return one.all->graph.producer(result.value)->layer;
  };
  EXPECT_EQ(layer("net/conv/kernel"), "net/conv");
  EXPECT_EQ(layer("net/fc/MatMul/ReadVariableOp/resource"), "net/fc");
  EXPECT_EQ(layer("kernel"), "y");
  EXPECT_EQ(layer("net/conv/pointwise_weights"), "y_2");
}

TEST(TensorflowTranslation, RefusesAnUnknownLayout) {
  OneNode one;
  TensorflowGraph::text(one.file.proto.mutable_node(1), "data_format", "NCHW_VECT_C");
  test::expect_error(ErrorCode::kUnsupported, "its data_format is 'NCHW_VECT_C'",
                     [&] { one.node().is_channels_last(); });
}

TEST(TensorflowTranslation, ReadsElementsThatFollowFromShapes) {
  OneNode one;
  NodeTranslation node = one.node();
  one.all->results[0] = {node.emit("Shape", {node.operand(0)})};
  EXPECT_EQ(node.integers(0, "the shape"), (Integers{1, 4, 4, 3}));
  EXPECT_EQ(node.integer_at(0, 3, "the last"), 3);
  test::expect_error(ErrorCode::kParse, "the last is element 4 of a list of 4",
                     [&] { node.integer_at(0, 4, "the last"); });
}

}  // namespace
}  // namespace quern::tensorflow
