#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;

TEST(Quant, KeepsTheShape) {
  Graph graph;
  const ValueId input = graph.add_input("in", DType::kFloat32, test::dims("N 3"));
  graph.add_output(input);
  Quantizer entry;
  entry.name = "grid";
  const NodeId quant = graph.insert_quant(input, graph.add_quantizer(entry), "x.quant");

  infer_shapes(graph);

  EXPECT_EQ(to_string(*graph.value(graph.node(quant).outputs[0]).dims), "[N, 3]");
  EXPECT_EQ(quant_role(graph, graph.node(quant)), QuantRole::kQuant);
}

TEST(Quant, HasAShapeBeforeItsGridIsKnown) {
  EXPECT_EQ(OneOp("Quant").input("N 3").shape(), "[N, 3]");
}

TEST(Quant, ReadsFloats) {
  EXPECT_EQ(OneOp("Quant").input("N 3", DType::kInt64).error(),
            "layer 'x': Quant reads 'in0' of type int64, expected float32");
}

}  // namespace
}  // namespace quern
