#include "quern/ops/reshape.h"

#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;
using Integers = std::vector<std::int64_t>;

OneOp reshape(const char* input, const Integers& target) {
  OneOp op("Reshape");
  op.input(input).integers(target);
  return op;
}

TEST(Reshape, ReadsItsTarget) {
  EXPECT_EQ(reshape("2 3 4", {4, 6}).shape(), "[4, 6]");
  EXPECT_EQ(reshape("2 3 4", {-1, 6}).shape(), "[4, 6]");
  EXPECT_EQ(reshape("2 3 4", {0, -1}).shape(), "[2, 12]");
  EXPECT_EQ(reshape("2 3 4", {-1}).shape(), "[24]");
  EXPECT_EQ(reshape("1", {}).shape(), "[]");
  EXPECT_EQ(reshape("0 3", {0, 3}).with("allowzero", 1L).shape(), "[0, 3]");
  EXPECT_EQ(OneOp("Reshape").unknown_input().integers({-1}).shape(), "unknown");
}

TEST(Reshape, KeepsAFreeBatch) {
  EXPECT_EQ(reshape("N 1280 1 1", {0, -1}).shape(), "[N, 1280]");
  EXPECT_EQ(reshape("N 1280 1 1", {-1, 1280}).shape(), "[N, 1280]");
  EXPECT_EQ(reshape("N 2 3", {-1, 3}).shape(), "[?, 3]");
  EXPECT_EQ(reshape("N M 3", {0, -1}).shape(), "[N, ?]");
  EXPECT_EQ(reshape("N 4", {8, -1}).shape(), "[8, ?]");
}

TEST(Reshape, FollowsATargetThatReadsTheShape) {
  Graph graph;
  const auto add = [&](const char* op, std::vector<ValueId> inputs) {
    Node node;
    node.op = op;
    node.inputs = std::move(inputs);
    node.outputs = {graph.add_value(op)};
    if (node.op == "Concat") node.attributes["axis"] = std::int64_t{0};
    return graph.node(graph.add_node(node)).outputs[0];
  };
  const auto integers = [&](const Integers& values) {
    return graph.add_constant("c", Tensor::of<std::int64_t>({std::ssize(values)}, values));
  };
  const ValueId input = graph.add_input("in", DType::kFloat32, test::dims("N 1280 1 1"));
  const ValueId batch = add("Gather", {add("Shape", {input}), integers({0})});
  const ValueId target = add("Concat", {batch, integers({-1})});
  const ValueId flat = add("Reshape", {input, target});

  infer_shapes(graph);

  EXPECT_EQ(to_string(*graph.value(flat).dims), "[N, 1280]");
  EXPECT_EQ(constant_reshape_target(graph, *graph.producer(flat)), (Integers{0, 1280}));
}

TEST(Reshape, RefusesWhatLosesElements) {
  EXPECT_THAT(reshape("2 3", {7}).error(),
              HasSubstr("Reshape turns [2, 3] into [7]: the number of elements differs"));
  EXPECT_THAT(reshape("2 3", {4, -1}).error(), HasSubstr("6 elements into a multiple of 4"));
  EXPECT_THAT(reshape("N 3", {0, 4}).error(), HasSubstr("the number of elements differs"));
  EXPECT_THAT(reshape("2 3", {-1, -1}).error(), HasSubstr("more than one −1"));
  EXPECT_THAT(reshape("2 3", {-2, 3}).error(), HasSubstr("has an extent of -2"));
  EXPECT_THAT(reshape("6", {1, 0}).error(), HasSubstr("copies axis 1 of an input of shape [6]"));
  EXPECT_THAT(reshape("0 3", {0, -1}).error(), HasSubstr("0 elements into a multiple of 0"));
}

TEST(Reshape, RefusesATargetComputedFromData) {
  OneOp op("Reshape");
  op.input("N 3").input("2", DType::kInt64);
  EXPECT_THAT(op.error(ErrorCode::kUnsupported),
              HasSubstr("the target 'in1' of Reshape is computed from data"));
}

TEST(ConstantReshapeTarget, ServesAnyBatch) {
  const auto target = [](const char* input, const Integers& given) {
    OneOp op = reshape(input, given);
    op.shape();
    return constant_reshape_target(op.graph(), op.node());
  };
  EXPECT_EQ(target("1 1280 1 1", {1, 1280}), (Integers{0, 1280}));
  EXPECT_EQ(target("1 8 2 2", {1, -1}), (Integers{0, 32}));
  EXPECT_EQ(target("N 2 3", {-1, 3}), (Integers{-1, 3}));
  EXPECT_EQ(target("N M 3", {8, -1, 1}), (Integers{8, -1, 1}));
  EXPECT_EQ(target("M N 3", {3, 0, -1}), (Integers{3, 0, -1}));
}

}  // namespace
}  // namespace quern
