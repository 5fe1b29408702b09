#include "quern/ops/infer_node.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

Node node(const std::string& op, ValueId input, ValueId output) {
  Node node;
  node.op = op;
  node.layer = "layer";
  node.inputs = {input};
  node.outputs = {output};
  return node;
}

TEST(InferNode, FillsInTheOutputsOfOneNode) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, fixed_dims({2, 3}));
  const ValueId y = graph.add_value("y");
  infer_node(graph, graph.add_node(node("Transpose", x, y)));
  EXPECT_EQ(graph.value(y).dims, fixed_dims({3, 2}));
}

TEST(InferNode, NamesAnUnknownOp) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, fixed_dims({2, 3}));
  const NodeId id = graph.add_node(node("Reluu", x, graph.add_value("y")));
  test::expect_error(ErrorCode::kUnsupported, "layer 'layer': op 'Reluu' is not known to quern",
                     [&] { infer_node(graph, id); });
}

TEST(InferNode, BoundsAValue) {
  Graph graph;
  constexpr std::int64_t kMany = std::int64_t{1} << 30;
  const ValueId x = graph.add_input("x", DType::kFloat32, fixed_dims({kMany, kMany}));
  test::expect_error(ErrorCode::kParse, "value 'x' of shape", [&] { check_size(graph.value(x)); });
}

}  // namespace
}  // namespace quern
