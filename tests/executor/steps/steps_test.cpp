// The steps whose result can be written down: products, arithmetic, functions, shapes, joins.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "tests/executor/steps/one_node.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::integers;
using test::random_tensor;
using test::run_node;
using Floats = std::vector<float>;
using Ints = std::vector<std::int64_t>;

Tensor tensor(const Shape& shape, const Floats& values) { return Tensor::of<float>(shape, values); }

TEST(GemmStep, TransposesAndScalesOnRequest) {
  const Tensor a = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor b = tensor({3, 1}, {1, 0, -1});
  const Tensor bias = tensor({1}, {10});
  EXPECT_EQ(run_node("Gemm", a, {b, bias})[0], tensor({2, 1}, {8, 8}));
  EXPECT_EQ(run_node("Gemm", a, {b, bias}, {{"alpha", 2.0F}, {"beta", 0.5F}})[0],
            tensor({2, 1}, {1, 1}));
  EXPECT_EQ(run_node("Gemm", a, {tensor({1, 3}, {1, 0, -1})}, {{"transB", std::int64_t{1}}})[0],
            tensor({2, 1}, {-2, -2}));
  EXPECT_EQ(run_node("Gemm", a, {tensor({2, 1}, {1, 1})}, {{"transA", std::int64_t{1}}})[0],
            tensor({3, 1}, {5, 7, 9}));
  EXPECT_EQ(run_node("MatMul", a, {b})[0], tensor({2, 1}, {-2, -2}));
}

TEST(ArithmeticStep, BroadcastsPerChannel) {
  const Tensor x = tensor({1, 2, 1, 2}, {1, 2, 3, 4});
  const Tensor c = tensor({2, 1, 1}, {2, 4});
  EXPECT_EQ(run_node("Add", x, {c})[0], tensor({1, 2, 1, 2}, {3, 4, 7, 8}));
  EXPECT_EQ(run_node("Sub", x, {c})[0], tensor({1, 2, 1, 2}, {-1, 0, -1, 0}));
  EXPECT_EQ(run_node("Mul", x, {c})[0], tensor({1, 2, 1, 2}, {2, 4, 12, 16}));
  EXPECT_EQ(run_node("Div", x, {c})[0], tensor({1, 2, 1, 2}, {0.5F, 1, 0.75F, 1}));
}

TEST(FunctionStep, FollowsTheFormula) {
  const Tensor x = tensor({1, 4}, {-4, -1, 0.5F, 4});
  const auto expect = [&](const std::string& op, std::map<std::string, Attribute> attributes,
                          float (*formula)(float)) {
    const Tensor y = run_node(op, x, {}, std::move(attributes))[0];
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(y.data<float>()[i], formula(x.data<float>()[i]), 1e-6) << op;
    }
  };
  expect("Sigmoid", {}, [](float v) { return 1 / (1 + std::exp(-v)); });
  expect("Tanh", {}, [](float v) { return std::tanh(v); });
  expect("LeakyRelu", {{"alpha", 0.1F}}, [](float v) { return v < 0 ? 0.1F * v : v; });
  expect("HardSigmoid", {{"alpha", 0.25F}, {"beta", 0.5F}},
         [](float v) { return std::clamp(0.25F * v + 0.5F, 0.0F, 1.0F); });
  expect("HardSwish", {}, [](float v) { return v * std::clamp(v / 6 + 0.5F, 0.0F, 1.0F); });
  EXPECT_EQ(run_node("PRelu", x, {tensor({4}, {0.5F, 2, 9, 9})})[0],
            tensor({1, 4}, {-2, -2, 0.5F, 4}));
  EXPECT_EQ(run_node("Clip", x, {Tensor::scalar(-1.0F), Tensor::scalar(2.0F)})[0],
            tensor({1, 4}, {-1, -1, 0.5F, 2}));
}

TEST(SoftmaxStep, SumsToOneAlongItsAxis) {
  const Tensor y =
      run_node("Softmax", tensor({2, 2}, {0, 0, 1, 1}), {}, {{"axis", std::int64_t{1}}})[0];
  EXPECT_EQ(y, tensor({2, 2}, {0.5F, 0.5F, 0.5F, 0.5F}));
}

TEST(ReduceMeanStep, DropsOrKeepsItsAxes) {
  const Tensor x = tensor({1, 2, 1, 2}, {1, 3, 5, 9});
  const Attribute plane = Ints{2, -1};
  EXPECT_EQ(run_node("ReduceMean", x, {}, {{"axes", plane}})[0], tensor({1, 2, 1, 1}, {2, 7}));
  EXPECT_EQ(run_node("ReduceMean", x, {}, {{"axes", plane}, {"keepdims", std::int64_t{0}}})[0],
            tensor({1, 2}, {2, 7}));
}

TEST(ShapeSteps, KeepRowMajorOrder) {
  const Tensor x = random_tensor({2, 3, 2, 2}, 1);
  EXPECT_EQ(run_node("Flatten", x)[0], x.reshaped({2, 12}));
  EXPECT_EQ(run_node("Flatten", x, {}, {{"axis", std::int64_t{-1}}})[0], x.reshaped({12, 2}));
  EXPECT_EQ(run_node("Reshape", x, {integers({0, -1})})[0], x.reshaped({2, 12}));
  EXPECT_EQ(run_node("Reshape", x, {integers({2, 2, 6})})[0], x.reshaped({2, 2, 6}));
  EXPECT_EQ(run_node("Unsqueeze", x, {integers({0, -1})})[0], x.reshaped({1, 2, 3, 2, 2, 1}));
  const Tensor thin = x.reshaped({1, 24, 1, 1});
  EXPECT_EQ(run_node("Squeeze", thin, {integers({-1, 2})})[0], x.reshaped({1, 24}));
  EXPECT_EQ(run_node("Squeeze", thin)[0], x.reshaped({24}));
}

TEST(ReshapeStep, PassesAnyBatchThroughATargetOfTheGraphsBatch) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {{1}, {2}, {1}, {2}});
  const ValueId y = graph.add_value("y");
  graph.add_node({.op = "Reshape",
                  .inputs = {x, graph.add_constant("shape", integers({1, 4}))},
                  .outputs = {y}});
  graph.add_output(y);
  const Tensor batch = random_tensor({3, 2, 1, 2}, 1);
  EXPECT_EQ(Plan(graph).run({batch})[0], batch.reshaped({3, 4}));
}

TEST(TransposeStep, PermutesAxes) {
  const Tensor x = tensor({1, 2, 1, 2}, {1, 2, 3, 4});
  EXPECT_EQ(run_node("Transpose", x, {}, {{"perm", Ints{0, 2, 3, 1}}})[0],
            tensor({1, 1, 2, 2}, {1, 3, 2, 4}));
  EXPECT_EQ(run_node("Transpose", x)[0], tensor({2, 1, 2, 1}, {1, 3, 2, 4}));
}

TEST(JoinSteps, ConcatenateSplitAndSlice) {
  const Tensor x = tensor({1, 3, 1, 1}, {1, 2, 3});
  EXPECT_EQ(run_node("Concat", x, {tensor({1, 1, 1, 1}, {4})}, {{"axis", std::int64_t{1}}})[0],
            tensor({1, 4, 1, 1}, {1, 2, 3, 4}));
  EXPECT_THAT(run_node("Split", x, {integers({1, 2})}, {{"axis", std::int64_t{1}}}, 2),
              testing::ElementsAre(tensor({1, 1, 1, 1}, {1}), tensor({1, 2, 1, 1}, {2, 3})));
  EXPECT_EQ(run_node("Slice", x, {integers({-2}), integers({1000}), integers({1})})[0],
            tensor({1, 2, 1, 1}, {2, 3}));
  EXPECT_EQ(run_node("Slice", x, {integers({0}), integers({3}), integers({1}), integers({2})})[0],
            tensor({1, 2, 1, 1}, {1, 3}));
}

TEST(GatherStep, PutsTheIndicesInPlaceOfTheAxis) {
  const Tensor x = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  const std::map<std::string, Attribute> columns = {{"axis", std::int64_t{-1}}};
  EXPECT_EQ(run_node("Gather", x, {integers({2, -3})}, columns)[0], tensor({2, 2}, {3, 1, 6, 4}));
  const Tensor square = Tensor::of<std::int64_t>({1, 2}, {1, 1});
  EXPECT_EQ(run_node("Gather", x, {square})[0], tensor({1, 2, 3}, {4, 5, 6, 4, 5, 6}));
  EXPECT_EQ(run_node("Gather", x, {Tensor::scalar<std::int64_t>(0)}, columns)[0],
            tensor({2}, {1, 4}));
}

TEST(TileStep, LaysCopiesSideBySide) {
  const Tensor x = tensor({1, 2}, {1, 2});
  EXPECT_EQ(run_node("Tile", x, {integers({2, 2})})[0], tensor({2, 4}, {1, 2, 1, 2, 1, 2, 1, 2}));
}

TEST(SliceStep, WalksBackwards) {
  const Tensor x = tensor({1, 4}, {1, 2, 3, 4});
  const auto sliced = [&](std::int64_t start, std::int64_t end, std::int64_t step) {
    return run_node("Slice", x,
                    {integers({start}), integers({end}), integers({1}), integers({step})})[0];
  };
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(sliced(-1, kLowest, -1), tensor({1, 4}, {4, 3, 2, 1}));
  EXPECT_EQ(sliced(100, 0, -2), tensor({1, 2}, {4, 2}));
  EXPECT_EQ(sliced(1, -100, -1), tensor({1, 2}, {2, 1}));
  EXPECT_EQ(sliced(2, -100, kLowest), tensor({1, 1}, {3}));
  EXPECT_EQ(sliced(0, 2, -1).size(), 0);
}

TEST(PadStep, AddsTheMarginThatItsModeSays) {
  const Tensor x = tensor({1, 1, 1, 3}, {1, 2, 3});
  const Tensor pads = integers({0, 0, 0, 1, 0, 0, 0, 2});
  EXPECT_EQ(run_node("Pad", x, {pads, Tensor::scalar(9.0F)})[0],
            tensor({1, 1, 1, 6}, {9, 1, 2, 3, 9, 9}));
  EXPECT_EQ(run_node("Pad", x, {pads}, {{"mode", std::string("edge")}})[0],
            tensor({1, 1, 1, 6}, {1, 1, 2, 3, 3, 3}));
  EXPECT_EQ(run_node("Pad", x, {pads}, {{"mode", std::string("reflect")}})[0],
            tensor({1, 1, 1, 6}, {2, 1, 2, 3, 2, 1}));
}

TEST(PadStep, BordersAnyAxisOfAnyRank) {
  const Tensor x = tensor({2, 2}, {1, 2, 3, 4});
  const Tensor pads = integers({1, 0, 0, 1});
  EXPECT_EQ(run_node("Pad", x, {pads}, {{"mode", std::string("edge")}})[0],
            tensor({3, 3}, {1, 2, 2, 1, 2, 2, 3, 4, 4}));
  EXPECT_EQ(run_node("Pad", x, {pads}, {{"mode", std::string("reflect")}})[0],
            tensor({3, 3}, {3, 4, 3, 1, 2, 1, 3, 4, 3}));
  EXPECT_EQ(run_node("Pad", x, {integers({-1, 0, 1, 0})}, {{"mode", std::string("edge")}})[0],
            tensor({2, 2}, {3, 4, 3, 4}));
}

TEST(PointwiseSteps, TakeAVector) {
  EXPECT_EQ(run_node("Relu", tensor({3}, {-1, 0, 2}))[0], tensor({3}, {0, 0, 2}));
}

}  // namespace
}  // namespace quern
