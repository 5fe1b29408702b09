#include <gmock/gmock.h>

#include <algorithm>

#include "quern/ops/op_def.h"
#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

/// The output of a node added to `graph`.
ValueId add(Graph& graph, const std::string& op, std::vector<ValueId> inputs) {
  Node node;
  node.op = op;
  node.inputs = std::move(inputs);
  node.outputs = {graph.add_value(op)};
  return graph.node(graph.add_node(node)).outputs[0];
}

TEST(InferShapes, NamesTheNearestOfAnUnknownOp) {
  EXPECT_EQ(OneOp("Convv").input("N 3 8 8").error(ErrorCode::kUnsupported),
            "layer 'x': op 'Convv' is not known to quern (nearest: 'Conv')");
}

TEST(InferShapes, ChecksTheSchema) {
  EXPECT_EQ(OneOp("Relu").input("N 3").with("alpha", 1.0f).error(),
            "layer 'x': Relu has no attribute 'alpha'");
  EXPECT_EQ(OneOp("LeakyRelu").input("N 3").with("alpha", std::int64_t{1}).error(),
            "layer 'x': the attribute 'alpha' of LeakyRelu has a wrong type");
  EXPECT_EQ(OneOp("Concat").input("N 3").error(), "layer 'x': Concat lacks its attribute 'axis'");
  EXPECT_EQ(OneOp("Relu").error(), "layer 'x': Relu lacks input 0");
  EXPECT_EQ(OneOp("Conv").input("N 3 8 8").omitted().error(), "layer 'x': Conv lacks input 1");
  EXPECT_EQ(OneOp("Relu").input("N 3").input("N 3").error(),
            "layer 'x': Relu has 2 inputs, at most 1 are known");
  EXPECT_EQ(OneOp("Relu").input("N 3").outputs(2).error(),
            "layer 'x': Relu has 2 outputs, expected 1");
}

TEST(InferShapes, CarriesShapesThroughAChain) {
  Graph graph;
  const ValueId input = graph.add_input("in", DType::kFloat32, test::dims("N 3 8 8"));
  const ValueId weight = graph.add_constant("w", Tensor(DType::kFloat32, {4, 3, 3, 3}));
  const ValueId conv = add(graph, "Conv", {input, weight});
  const ValueId pool = add(graph, "GlobalAveragePool", {conv});
  const ValueId flat = add(graph, "Flatten", {pool});
  graph.add_output(flat);

  infer_shapes(graph);

  EXPECT_EQ(to_string(*graph.value(conv).dims), "[N, 4, 6, 6]");
  EXPECT_EQ(to_string(*graph.value(pool).dims), "[N, 4, 1, 1]");
  EXPECT_EQ(to_string(*graph.value(flat).dims), "[N, 4]");
}

TEST(InferShapes, RefusesABillionElements) {
  constexpr const char* kTooMany = "has more than 1099511627776 elements";
  EXPECT_THAT(OneOp("Relu").input("9223372036854775807 9223372036854775807").error(),
              HasSubstr(kTooMany));
  const std::string message =
      OneOp("Reshape").input("N 4").integers({1000000000, 1000000000, 1000000000}).error();
  EXPECT_THAT(message, HasSubstr("layer 'x': value 'out' of shape"));
  EXPECT_THAT(message, HasSubstr(kTooMany));
}

TEST(Catalog, IsSortedAndFindsEveryEntry) {
  for (const OpDef* def : ops()) {
    EXPECT_EQ(find_op(def->op), def) << def->op;
    EXPECT_NE(def->infer, nullptr) << def->op;
    EXPECT_FALSE(def->summary.empty()) << def->op;
    EXPECT_TRUE(std::ranges::is_sorted(def->attributes, {}, &AttributeDef::name)) << def->op;
    for (const AttributeDef& attribute : def->attributes) {
      if (!attribute.fallback) continue;
      EXPECT_EQ(attribute.fallback->index(), static_cast<std::size_t>(attribute.kind)) << def->op;
    }
  }
  EXPECT_EQ(find_op("conv"), nullptr);
  EXPECT_EQ(find_op(""), nullptr);
}

TEST(Catalog, SuggestsTheNearestName) {
  EXPECT_EQ(nearest_op("BatchNorm"), "BatchNormalization");
  EXPECT_EQ(nearest_op("AveragePool2D"), "AveragePool");
  EXPECT_EQ(nearest_op("Relo"), "Relu");
}

TEST(Catalog, GivesAnUnknownOpNoRoleAndNoCost) {
  OneOp op("Unknown");
  EXPECT_EQ(quant_role(op.graph(), op.node()), QuantRole::kFloat);
  EXPECT_EQ(macs_per_sample(op.graph(), op.node()), 0);
}

}  // namespace
}  // namespace quern
