// Laws of every pass of the catalog, on random networks in the many spellings of exporters.
#include "quern/passes/passes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/base/random.h"
#include "quern/executor/plan.h"
#include "quern/ops/op_def.h"
#include "quern/tensor/transpose.h"
#include "tests/support/network.h"
#include "tests/support/random_graph.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;

constexpr std::uint64_t kSeeds = 24;

/// Puts what an exporter writes and a pass takes out on random edges: nodes that do nothing,
/// windows without numbers, reshapes to a computed target and to one traced for a single sample.
class Disguise {
 public:
  Disguise(Graph graph, std::uint64_t seed) : graph_(std::move(graph)), random_(seed) {}

  Graph run() {
    for (const NodeId id : graph_.nodes()) {
      const Node node = graph_.node(id);
      const ValueId value = node.outputs[0];
      if (node.op == "Conv") disguise_conv(node);
      if (node.op == "Flatten") disguise_flatten(id);
      if (node.op == "Gemm") disguise_gemm(node);
      const bool is_picture = graph_.value(value).dims->size() == 4;
      if (is_picture && graph_.constant_behind(value) == nullptr) cover(value);
    }
    infer_shapes(graph_);
    verify(graph_);
    return std::move(graph_);
  }

 private:
  /// A window without numbers, and weights that a second layer, which nobody reads, shares.
  void disguise_conv(const Node& conv) {
    graph_.erase_attribute(conv.id, "kernel_shape");
    if (random_.integer(0, 1) == 0) node("Conv", conv.inputs, conv.attributes);
    added_.clear();
  }

  void disguise_flatten(NodeId id) {
    graph_.set_op(id, "Reshape");
    graph_.append_input(id, integers({0, -1}));
  }

  /// A flattened picture is channels last, and so are the columns of the matrix behind it.
  void disguise_gemm(const Node& gemm) {
    const Node* flatten = graph_.producer(gemm.inputs[0]);
    if (flatten == nullptr || flatten->op != "Reshape" || graph_.use_count(gemm.inputs[0]) != 1 ||
        !graph_.is_constant(gemm.inputs[1]) || graph_.use_count(gemm.inputs[1]) != 1 ||
        graph_.attribute_or<std::int64_t>(gemm.id, "transB", 0) == 0) {
      return;
    }
    infer_shapes(graph_);
    const Dims dims = *graph_.value(flatten->inputs[0]).dims;
    if (dims.size() != 4) return;
    const Tensor matrix = *graph_.value(gemm.inputs[1]).constant;
    const Shape rows = {matrix.shape()[0], dims[1].size, dims[2].size, dims[3].size};
    graph_.set_constant(gemm.inputs[1],
                        transposed(matrix.reshaped(rows), {0, 2, 3, 1}).reshaped(matrix.shape()));
    const NodeId reshape = flatten->id;
    graph_.set_input(reshape, 0,
                     node("Transpose", {flatten->inputs[0]}, {{"perm", Integers{0, 2, 3, 1}}}));
    added_.clear();
  }

  void cover(ValueId value) {
    const Dims dims = *graph_.value(value).dims;
    const std::int64_t batch = dims[0].is_fixed() ? dims[0].size : 1;
    const Integers split_rows = {batch, dims[1].size, dims[2].size, 1, dims[3].size};
    switch (random_.integer(0, 7)) {
      case 0:
        return insert(value, {node("Identity", {value})});
      case 1:
        return insert(value, {node("Pad", {value, integers(Integers(8, 0))})});
      case 2:
        return insert(value, {node("Concat", {value}, {{"axis", std::int64_t{1}}})});
      case 3: {
        const ValueId split = node("Reshape", {value, integers(split_rows)});
        return insert(value, {split, node("Reshape", {split, shape_like(value)})});
      }
      case 4: {
        // In channels last, a vector runs along the channels.
        const Tensor ones = Tensor::of<float>(
            {dims[1].size}, std::vector<float>(static_cast<std::size_t>(dims[1].size), 1.0F));
        const ValueId last = node("Transpose", {value}, {{"perm", Integers{0, 2, 3, 1}}});
        const ValueId same = node("Mul", {last, graph_.add_constant("ones", ones)});
        return insert(value,
                      {last, same, node("Transpose", {same}, {{"perm", Integers{0, 3, 1, 2}}})});
      }
      case 5:
        return insert(value, {node("Resize", {value, ValueId{}, ValueId{}, shape_like(value)})});
      case 6: {
        // Every column twice, of which every other one stays.
        const ValueId wide = node("Unsqueeze", {value, integers({4})});
        const ValueId tiled = node("Tile", {wide, integers({1, 1, 1, 1, 2})});
        const Integers doubled = {batch, dims[1].size, dims[2].size, 2 * dims[3].size};
        const ValueId up = node("Reshape", {tiled, integers(doubled)});
        return insert(value, {up, node("Slice", {up, integers({0}), integers({2 * dims[3].size}),
                                                 integers({3}), integers({2})})});
      }
      default:
        return;
    }
  }

  /// [batch of `value`, its other extents], computed as exporters do.
  ValueId shape_like(ValueId value) {
    const ValueId batch =
        node("Gather", {node("Shape", {value}), integers({0})}, {{"axis", std::int64_t{0}}});
    const Dims dims = *graph_.value(value).dims;
    return node("Concat", {batch, integers({dims[1].size, dims[2].size, dims[3].size})},
                {{"axis", std::int64_t{0}}});
  }

  ValueId node(const std::string& op, std::vector<ValueId> inputs,
               std::map<std::string, Attribute> attributes = {}) {
    const ValueId output = graph_.add_value("disguise");
    added_.push_back(graph_.add_node({.op = op,
                                      .inputs = std::move(inputs),
                                      .outputs = {output},
                                      .attributes = std::move(attributes)}));
    return output;
  }

  ValueId integers(const Integers& values) {
    return graph_.add_constant("integers", Tensor::of<std::int64_t>({std::ssize(values)}, values));
  }

  /// The readers of `value` read the last of `chain`.
  void insert(ValueId value, const std::vector<ValueId>& chain) {
    graph_.replace_uses(value, chain.back(), added_);
    added_.clear();
  }

  Graph graph_;
  Random random_;
  std::vector<NodeId> added_;
};

/// Float networks and quantized ones.
Graph plain(std::uint64_t seed) {
  return seed % 2 == 0 ? test::random_network(seed) : test::random_graph(seed);
}

Graph disguised(std::uint64_t seed) { return Disguise(plain(seed), seed).run(); }

/// The outputs for one batch of random numbers.
std::vector<Tensor> answers(const Graph& graph, std::int64_t batch) {
  Shape shape = {batch};
  const Dims& dims = *graph.value(graph.inputs()[0]).dims;
  for (std::size_t i = 1; i < dims.size(); ++i) shape.push_back(dims[i].size);
  Tensor input(DType::kFloat32, shape);
  Random random(7);
  for (float& x : input.mutable_data<float>()) x = static_cast<float>(random.normal());
  return Plan(graph).run({input});
}

class EveryPass : public testing::TestWithParam<PassInfo> {};

TEST_P(EveryPass, KeepsTheFunctionToTheBit) {
  int rewrites = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Graph graph = disguised(seed);
    rewrites += GetParam().run(graph).rewrites;
    infer_shapes(graph);
    verify(graph);
    canonicalize(graph);  // Nodes that compute shapes do not run.
    EXPECT_EQ(answers(graph, 1), answers(plain(seed), 1));
  }
  EXPECT_GT(rewrites, 0) << "no network gave the pass anything to do";
}

TEST_P(EveryPass, ReachesAFixedPoint) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Graph graph = disguised(seed);
    GetParam().run(graph);
    infer_shapes(graph);
    const Graph once = graph;
    EXPECT_EQ(GetParam().run(graph).rewrites, 0);
    EXPECT_EQ(graph, once);
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryPass, testing::ValuesIn(passes()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Canonicalize, GivesANetworkThatRunsOnAnyBatch) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Graph graph = disguised(seed);
    canonicalize(graph);
    EXPECT_EQ(answers(graph, 3), answers(plain(seed), 3));
  }
}

}  // namespace
}  // namespace quern
