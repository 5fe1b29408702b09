#include <gmock/gmock.h>

#include "quern/graph/graph.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

NodeId add(Graph& graph, const std::string& layer, std::vector<ValueId> inputs, ValueId output) {
  return graph.add_node(
      {.layer = layer, .op = "Add", .inputs = std::move(inputs), .outputs = {output}});
}

std::vector<std::string> layers(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.nodes()) names.push_back(graph.node(id).layer);
  return names;
}

TEST(Traversal, PutsProducersFirstAndOtherwiseKeepsTheOrder) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {});
  const ValueId a = graph.add_value("a");
  const ValueId b = graph.add_value("b");
  const ValueId c = graph.add_value("c");
  add(graph, "reads_c", {c, c}, b);
  add(graph, "free", {x, x}, a);
  add(graph, "makes_c", {x, a}, c);
  EXPECT_THAT(layers(graph), testing::ElementsAre("free", "makes_c", "reads_c"));
}

TEST(Traversal, NamesALayerOnACycle) {
  Graph graph;
  const ValueId a = graph.add_value("a");
  const ValueId b = graph.add_value("b");
  add(graph, "one", {a}, b);
  add(graph, "two", {b}, a);
  test::expect_error(ErrorCode::kParse, "layer 'one' is on a cycle", [&] { graph.nodes(); });
}

/// y = x + c, with entries nobody uses where `cluttered`.
Graph sum(bool cluttered) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, fixed_dims({1}));
  if (cluttered) graph.add_scale({.name = "unused"});
  const ValueId y = graph.add_value("y", DType::kFloat32, fixed_dims({1}));
  if (cluttered) graph.add_constant("unused", Tensor::scalar(1.0F));
  const ValueId c = graph.add_constant("c", Tensor::scalar(2.0F));
  add(graph, "sum", {x, c}, y);
  graph.add_output(y);
  return graph;
}

TEST(Traversal, EqualGraphsMayDifferInNumberingAndUnusedEntries) {
  EXPECT_EQ(sum(false), sum(true));
  EXPECT_EQ(sum(true).compacted().scales().size(), 0);
}

TEST(Traversal, AnyFieldMakesGraphsDiffer) {
  const auto differs = [](auto&& change) {
    Graph changed = sum(false);
    change(changed);
    return !(changed == sum(false));
  };
  const NodeId node{0};
  EXPECT_TRUE(differs([](Graph& g) { g.name = "n"; }));
  EXPECT_TRUE(differs([](Graph& g) { g.preprocessing = Preprocessing{}; }));
  EXPECT_TRUE(differs([](Graph& g) { g.metadata["k"] = "v"; }));
  EXPECT_TRUE(differs([&](Graph& g) { g.set_layer(node, "other"); }));
  EXPECT_TRUE(differs([&](Graph& g) { g.set_attribute(node, "axis", std::int64_t{1}); }));
  EXPECT_TRUE(differs([](Graph& g) { g.set_constant(*g.find_value("c"), Tensor::scalar(3.0F)); }));
  EXPECT_TRUE(
      differs([](Graph& g) { g.set_type(*g.find_value("y"), DType::kFloat32, std::nullopt); }));
  EXPECT_TRUE(differs([](Graph& g) {
    const ScaleId scale = g.add_scale({.name = "s", .values = {1}});
    g.insert_quant(*g.find_value("x"), g.add_quantizer({.name = "q", .scale = scale}), "q");
  }));
}

}  // namespace
}  // namespace quern
