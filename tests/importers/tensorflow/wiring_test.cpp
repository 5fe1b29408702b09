#include "quern/importers/tensorflow/wiring.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/tensorflow_graph.h"

namespace quern::tensorflow {
namespace {

using test::TensorflowGraph;

TEST(TensorflowWiring, LeavesControlInputsOut) {
  TensorflowGraph graph;
  graph.input("x", {1, 4});
  graph.node("Relu", "y", {"x", "^nobody"});
  const Wiring wiring(graph.proto);
  ASSERT_EQ(wiring.inputs(1).size(), 1U);
  EXPECT_EQ(wiring.inputs(1)[0].node, 0);
}

TEST(TensorflowWiring, ReadsOutputsByNumber) {
  TensorflowGraph graph;
  graph.node("Relu", "y", {"a/split:2"});
  graph.node("Split", "a/split");
  const Wiring wiring(graph.proto);
  EXPECT_EQ(wiring.inputs(0)[0].node, 1);
  EXPECT_EQ(wiring.inputs(0)[0].port, 2);
}

TEST(TensorflowWiring, RefusesWhatIsNotANameAndANumber) {
  for (const char* input : {"x:", "x:a", "x:-1", "x:1b", "x:99999999999"}) {
    TensorflowGraph graph;
    graph.input("x", {1, 4});
    graph.node("Relu", "y", {input});
    test::expect_error(ErrorCode::kParse, fmt::format("layer 'y' reads '{}'", input),
                       [&] { Wiring wiring(graph.proto); });
  }
}

TEST(TensorflowWiring, NamesAMissingInput) {
  TensorflowGraph graph;
  graph.node("Relu", "y", {"x"});
  test::expect_error(ErrorCode::kParse, "layer 'y' reads 'x', which no node defines",
                     [&] { Wiring wiring(graph.proto); });
}

TEST(TensorflowWiring, TellsALoopFromACycle) {
  TensorflowGraph graph;
  graph.input("x", {1, 4});
  graph.node("Merge", "while/Merge", {"x", "while/Next"});
  graph.node("Relu", "while/Relu", {"while/Merge"});
  graph.node("NextIteration", "while/Next", {"while/Relu"});
  test::expect_error(ErrorCode::kUnsupported, "is in a loop, and control flow is not read",
                     [&] { Wiring(graph.proto).in_order({2}); });
}

TEST(TensorflowWiring, RefusesNodesWithoutOrWithEqualNames) {
  TensorflowGraph graph;
  graph.input("x", {1, 4});
  graph.node("Relu", "x");
  test::expect_error(ErrorCode::kParse, "the name 'x' is given to two nodes",
                     [&] { Wiring wiring(graph.proto); });
  graph.proto.mutable_node(1)->set_name("");
  test::expect_error(ErrorCode::kParse, "node 1 has no name", [&] { Wiring wiring(graph.proto); });
  graph.proto.mutable_node(1)->set_name("y");
  graph.proto.mutable_node(1)->set_op("");
  test::expect_error(ErrorCode::kParse, "layer 'y' names no op",
                     [&] { Wiring wiring(graph.proto); });
}

TEST(TensorflowWiring, RefusesNamesThatAreNotUtf8) {
  TensorflowGraph graph;
  graph.input("x\xff", {1, 4});
  test::expect_error(ErrorCode::kParse, "UTF-8", [&] { Wiring wiring(graph.proto); });
}

TEST(TensorflowWiring, OrdersNodesThatStandInAnyOrder) {
  TensorflowGraph graph;
  graph.node("Relu", "c", {"b"});
  graph.node("Relu", "b", {"a"});
  graph.input("a", {1, 4});
  graph.node("Relu", "unused", {"a"});
  const Wiring wiring(graph.proto);
  EXPECT_EQ(wiring.in_order({0}), (std::vector<int>{2, 1, 0}));
}

TEST(TensorflowWiring, NamesACycle) {
  TensorflowGraph graph;
  graph.node("Relu", "a", {"b"});
  graph.node("Relu", "b", {"a"});
  const Wiring wiring(graph.proto);
  test::expect_error(ErrorCode::kParse, "layer 'a' depends on itself",
                     [&] { wiring.in_order({0}); });
}

TEST(TensorflowWiring, OrdersALongChain) {
  TensorflowGraph graph;
  graph.input("0", {1, 4});
  constexpr int kNodes = 200'000;
  for (int i = 1; i < kNodes; ++i) {
    graph.node("Relu", std::to_string(i), {std::to_string(i - 1)});
  }
  const Wiring wiring(graph.proto);
  EXPECT_EQ(wiring.in_order({kNodes - 1}).size(), static_cast<std::size_t>(kNodes));
}

std::vector<std::string> output_names(const TensorflowGraph& graph, ImportReport& report) {
  const Wiring wiring(graph.proto);
  std::vector<std::string> names;
  for (const int output : find_outputs(wiring, report)) names.push_back(wiring.node(output).name());
  return names;
}

TEST(TensorflowWiring, TakesWhatNobodyReadsForTheOutput) {
  ImportReport report;
  EXPECT_EQ(output_names(test::conv_graph(), report), std::vector<std::string>{"net/relu"});
  EXPECT_TRUE(report.warnings.empty());
}

TEST(TensorflowWiring, IgnoresTrainingAndEvaluation) {
  TensorflowGraph graph = test::conv_graph();
  auto* labels = graph.node("Placeholder", "labels");
  TensorflowGraph::attribute(labels, "dtype").set_type(DT_INT64);
  graph.node("SparseSoftmaxCrossEntropyWithLogits", "loss", {"net/relu", "labels"});
  graph.node("Mean", "mean_loss", {"loss", "net/conv/bias"});
  graph.node("ArgMax", "class", {"net/relu", "net/conv/bias"});
  graph.node("Equal", "is_right", {"class", "labels"});
  graph.node("HistogramSummary", "histogram", {"net/conv/bias", "net/conv/BiasAdd"});
  graph.node("VariableV2", "step");
  graph.node("Assign", "init", {"step", "net/conv/bias"});
  graph.node("NoOp", "done", {"^init"});
  ImportReport report;
  EXPECT_EQ(output_names(graph, report), std::vector<std::string>{"net/relu"});
  ASSERT_EQ(report.warnings.size(), 1U);
  EXPECT_EQ(report.warnings[0],
            "ignored what training or evaluation left in the file: 'loss' "
            "(SparseSoftmaxCrossEntropyWithLogits), 'class' (ArgMax), 'is_right' (Equal) and 1 "
            "more");
}

TEST(TensorflowWiring, SaysThatThereIsNoNetwork) {
  TensorflowGraph graph;
  graph.floats("w", {4});
  graph.node("Relu", "y", {"w"});
  const Wiring wiring(graph.proto);
  ImportReport report;
  test::expect_error(
      ErrorCode::kParse,
      "it holds no network: none of its 2 nodes computes a result from a Placeholder",
      [&] { find_outputs(wiring, report); });
}

}  // namespace
}  // namespace quern::tensorflow
