#include <gtest/gtest.h>

#include "quern/importers/tensorflow/ops.h"
#include "tests/support/expect_error.h"
#include "tests/support/tensorflow_graph.h"

namespace quern::tensorflow {
namespace {

using test::only;
using test::output_dims;
using test::read_by;
using test::TensorflowGraph;
using Integers = std::vector<std::int64_t>;

TensorflowGraph binary(const std::string& op, const std::string& a, const std::string& b) {
  TensorflowGraph file;
  file.input("x", {1, 4});
  file.floats("half", {}, {0.5F});
  file.floats("row", {4});
  file.node("Mul", "scaled", {"x", "half"});
  file.node(op, "y", {a, b});
  return file;
}

TEST(TensorflowOpsArithmetic, RoundsTheQuotientOfFloatsDown) {
  const Graph graph = binary("FloorDiv", "scaled", "half").import();
  EXPECT_EQ(only(graph, "Floor").inputs[0], only(graph, "Div").outputs[0]);
}

TEST(TensorflowOpsArithmetic, TakesALimitForAClip) {
  Graph graph = binary("Minimum", "x", "half").import();
  EXPECT_FALSE(only(graph, "Clip").inputs[1]);
  EXPECT_EQ(*read_by(graph, only(graph, "Clip"), 2).constant, Tensor::scalar(0.5F));
  graph = binary("Maximum", "half", "x").import();
  EXPECT_EQ(*read_by(graph, only(graph, "Clip"), 1).constant, Tensor::scalar(0.5F));
  EXPECT_EQ(binary("Maximum", "x", "row").import().nodes_of("Max").size(), 1U);
}

TEST(TensorflowOpsArithmetic, FindsALeakyRelu) {
  const Graph graph = binary("Maximum", "scaled", "x").import();
  EXPECT_EQ(std::get<float>(only(graph, "LeakyRelu").attributes.at("alpha")), 0.5F);
  EXPECT_TRUE(graph.nodes_of("Mul").empty());
}

TEST(TensorflowOpsArithmetic, ComputesTheFactorsOfABatchNorm) {
  TensorflowGraph file;
  file.input("x", {1, 2, 2, 2});
  file.floats("variance", {2}, {3, 8});
  file.floats("epsilon", {}, {1});
  file.floats("gamma", {2}, {1, 6});
  file.node("AddV2", "sum", {"variance", "epsilon"});
  file.node("Rsqrt", "rsqrt", {"sum"});
  file.node("Mul", "factor", {"rsqrt", "gamma"});
  file.node("Mul", "y", {"x", "factor"});
  const Graph graph = file.import();
  EXPECT_EQ(*read_by(graph, only(graph, "Mul"), 1).constant, Tensor::of<float>({2}, {0.5F, 2.0F}));
}

TEST(TensorflowOpsArithmetic, WritesARoot) {
  TensorflowGraph file;
  file.input("x", {1, 2});
  file.node("Rsqrt", "y", {"x"});
  const Graph graph = file.import();
  EXPECT_EQ(read_by(graph, only(graph, "Reciprocal"), 0).name, "y/sqrt");
}

TEST(TensorflowOpsArithmetic, AddsSeveral) {
  TensorflowGraph file;
  file.input("x", {1, 2});
  file.node("AddN", "y", {"x", "x", "x"});
  const Graph graph = file.import();
  EXPECT_EQ(graph.nodes_of("Add").size(), 2U);
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "y");
}

TEST(TensorflowOpsArithmetic, ReadsActivations) {
  TensorflowGraph file;
  file.input("x", {1, 2});
  file.node("Relu6", "relu6", {"x"});
  file.node("LeakyRelu", "leaky", {"relu6"});
  file.node("Softmax", "y", {"leaky"});
  const Graph graph = file.import();
  EXPECT_EQ(*read_by(graph, only(graph, "Clip"), 2).constant, Tensor::scalar(6.0F));
  EXPECT_EQ(std::get<float>(only(graph, "LeakyRelu").attributes.at("alpha")), 0.2F);
  EXPECT_EQ(std::get<std::int64_t>(only(graph, "Softmax").attributes.at("axis")), -1);
}

TEST(TensorflowOpsArithmetic, LeavesADropoutOut) {
  TensorflowGraph file;
  file.input("x", {1, 4});
  file.floats("keep", {}, {0.5F});
  file.node("Shape", "shape", {"x"});
  file.node("RandomUniform", "random", {"shape"});
  file.node("Add", "shifted", {"keep", "random"});
  file.node("Floor", "mask", {"shifted"});
  file.node("RealDiv", "div", {"x", "keep"});
  file.node("Mul", "dropped", {"div", "mask"});
  file.node("Relu", "y", {"dropped"});
  ImportReport report;
  const Graph graph = file.import(&report);
  EXPECT_EQ(read_by(graph, only(graph, "Relu"), 0).name, "x");
  EXPECT_TRUE(graph.nodes_of("Div").empty());
  EXPECT_EQ(report.warnings,
            std::vector<std::string>{"layer 'dropped' drops elements at random: left out"});
}

TEST(TensorflowOpsArithmetic, LeavesALaterDropoutOut) {
  TensorflowGraph file;
  file.input("x", {1, 4});
  file.floats("rate", {}, {0.5F});
  file.node("Shape", "shape", {"x"});
  file.node("RandomUniform", "random", {"shape"});
  file.node("GreaterEqual", "mask", {"random", "rate"});
  file.node("Mul", "scaled", {"rate", "x"});
  file.node("SelectV2", "dropped", {"mask", "scaled", "rate"});
  file.node("Relu", "y", {"dropped"});
  const Graph graph = file.import();
  EXPECT_EQ(read_by(graph, only(graph, "Relu"), 0).name, "x");
}

TEST(TensorflowOpsArithmetic, CountsInputs) {
  TensorflowGraph file = binary("Sub", "x", "half");
  file.proto.mutable_node(4)->add_input("x");
  test::expect_error(ErrorCode::kParse, "layer 'y' (Sub): it has 3 inputs, expected 2",
                     [&] { file.import(); });
}

}  // namespace
}  // namespace quern::tensorflow
