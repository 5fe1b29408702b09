#include "quern/passes/append_bipolar_head.h"

#include <gtest/gtest.h>

#include "quern/analysis/targets.h"
#include "quern/passes/place_quantizers.h"
#include "quern/quantizers/fake_quant.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

Graph quantized_resnet() {
  Graph graph = test::resnet();
  place_quantizers(graph, {});
  for (const NodeId id : graph.nodes_of("Quant")) {
    const Quantizer& entry = graph.quantizer(graph.node(id).quantizer);
    if (entry.kind == QuantizerKind::kDerived) continue;
    const Tensor* const weight = graph.constant_behind(graph.node(id).outputs[0]);
    graph.scale(entry.scale).values.assign(weight != nullptr ? weight->shape().at(0) : 1, 0.5F);
  }
  return graph;
}

TEST(AppendBipolarHead, TheOutputIsTheSignOfTheLogits) {
  Graph graph = quantized_resnet();
  const std::string output = graph.value(graph.outputs()[0]).name;

  EXPECT_EQ(append_bipolar_head(graph).rewrites, 1);

  const Node* const head = graph.quant_of(graph.outputs()[0]);
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, output);
  const QuantSpec& spec = graph.quantizer(head->quantizer).spec;
  const float scale = graph.params(head->quantizer).scale[0];
  EXPECT_EQ(fake_quant(0.0F, spec, scale), 1);
  EXPECT_EQ(fake_quant(-0.0F, spec, scale), 1);
  EXPECT_EQ(fake_quant(7.5F, spec, scale), 1);
  EXPECT_EQ(fake_quant(-1e-6F, spec, scale), -1);
  verify(graph);
}

TEST(AppendBipolarHead, ReachesAFixedPoint) {
  Graph graph = quantized_resnet();
  append_bipolar_head(graph);
  EXPECT_EQ(append_bipolar_head(graph).rewrites, 0);
}

TEST(AppendBipolarHead, IsWhatFinnTakes) {
  Graph graph = quantized_resnet();
  append_bipolar_head(graph);
  for (const Finding& finding : lint_finn(graph)) {
    EXPECT_TRUE(finding.layer.find("bipolar_head") == std::string::npos) << finding.message;
  }
}

TEST(AppendBipolarHead, RefusesAFloatNetwork) {
  Graph graph = test::resnet();
  test::expect_error(ErrorCode::kInvalidArgument, "this one has no quantizers",
                     [&] { append_bipolar_head(graph); });
}

}  // namespace
}  // namespace quern
