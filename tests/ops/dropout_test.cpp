#include <gtest/gtest.h>

#include "tests/ops/one_op.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::OneOp;

TEST(Dropout, KeepsTheShape) {
  EXPECT_EQ(OneOp("Dropout").input("N 3").weight({}).shape(), "[N, 3]");
  EXPECT_EQ(OneOp("Dropout").input("N 3").role(), QuantRole::kPreserving);
}

TEST(Dropout, GivesAMaskOnlyToNobody) {
  EXPECT_EQ(OneOp("Dropout").input("N 3").outputs(2).dtype(1), DType::kBool);

  Graph graph;
  Node node;
  node.op = "Dropout";
  node.layer = "drop";
  node.inputs = {graph.add_input("in", DType::kFloat32, test::dims("N 3"))};
  node.outputs = {graph.add_value("out"), graph.add_value("mask")};
  graph.add_output(node.outputs[1]);
  graph.add_node(node);
  test::expect_error(ErrorCode::kUnsupported, "layer 'drop': the mask of Dropout is read",
                     [&] { infer_shapes(graph); });
}

}  // namespace
}  // namespace quern
