#include "quern/ops/evaluate_node.h"

#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using Integers = std::vector<std::int64_t>;

Tensor integers(const Integers& values) {
  return Tensor::of<std::int64_t>({std::ssize(values)}, values);
}
Tensor reals(const std::vector<float>& values) {
  return Tensor::of<float>({std::ssize(values)}, values);
}

/// The node on constants of its own.
std::optional<Tensor> evaluated(OneOp& op, const std::vector<Tensor>& inputs) {
  for (const Tensor& input : inputs) op.constant(input);
  op.shape();
  return evaluate_node(NodeView(op.graph(), op.node()), inputs);
}
std::optional<Tensor> evaluated(const std::string& op, const std::vector<Tensor>& inputs) {
  OneOp node(op);
  return evaluated(node, inputs);
}

TEST(EvaluateNode, FillsShapes) {
  EXPECT_EQ(evaluated("ConstantOfShape", {integers({2, 1})}), Tensor(DType::kFloat32, {2, 1}));
  OneOp ones("ConstantOfShape");
  ones.with("value", integers({7}));
  EXPECT_EQ(evaluated(ones, {integers({2})}), integers({7, 7}));
  OneOp scalar("ConstantOfShape");
  scalar.with("value", integers({7}));
  EXPECT_EQ(evaluated(scalar, {integers({})}), Tensor::scalar<std::int64_t>(7));
  EXPECT_EQ(evaluated("Expand", {reals({1, 2}), integers({2, 1})}),
            reals({1, 2, 1, 2}).reshaped({2, 2}));
}

TEST(EvaluateNode, CountsInSteps) {
  const auto range = [](std::int64_t from, std::int64_t to, std::int64_t step) {
    return evaluated("Range", {Tensor::scalar(from), Tensor::scalar(to), Tensor::scalar(step)});
  };
  EXPECT_EQ(range(1, 8, 3), integers({1, 4, 7}));
  EXPECT_EQ(range(2, 0, -1), integers({2, 1}));
  EXPECT_EQ(range(0, -1, 1), integers({}));
  EXPECT_EQ(range(0, 1, 0), std::nullopt);
  EXPECT_EQ(range(0, 1'000'000'000, 1), std::nullopt);
}

TEST(EvaluateNode, ReducesVectors) {
  OneOp product("ReduceProd");
  product.with("keepdims", std::int64_t{0});
  EXPECT_EQ(evaluated(product, {integers({2, 3, 4})}), Tensor::scalar<std::int64_t>(24));
  EXPECT_EQ(evaluated("ReduceMax", {reals({2, 3})}), reals({3}));
  EXPECT_EQ(evaluated("ReduceMin", {reals({2, 3})}), reals({2}));
  EXPECT_EQ(evaluated("ReduceProd", {integers({std::int64_t{1} << 40, std::int64_t{1} << 40})}),
            std::nullopt);
  EXPECT_EQ(evaluated("ReduceMax", {Tensor(DType::kFloat32, {2, 2})}), std::nullopt);
}

TEST(EvaluateNode, MakesNoLargeTensors) {
  EXPECT_EQ(evaluated("ConstantOfShape", {integers({1'000'000'000})}), std::nullopt);
  EXPECT_EQ(evaluated("Expand", {reals({1}), integers({100'000})}), std::nullopt);
}

TEST(EvaluateNode, LeavesOtherNodes) {
  EXPECT_EQ(evaluated("Relu", {reals({1})}), std::nullopt);
  EXPECT_EQ(evaluated("Sqrt", {reals({4})}), reals({2}));
}

}  // namespace
}  // namespace quern
