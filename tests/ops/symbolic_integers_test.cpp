#include "quern/ops/symbolic_integers.h"

#include <gmock/gmock.h>

#include <limits>

#include "quern/ops/op_def.h"
#include "tests/ops/one_op.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

/// Builds a chain value by value, with types inferred on reading.
struct Chain {
  Graph graph;

  ValueId input(const char* text) {
    return graph.add_input("in", DType::kFloat32, test::dims(text));
  }
  ValueId integers(const Integers& values) {
    return graph.add_constant("c", Tensor::of<std::int64_t>({std::ssize(values)}, values));
  }
  ValueId scalar(std::int64_t value) { return graph.add_constant("c", Tensor::scalar(value)); }

  ValueId add(const char* op, std::vector<ValueId> inputs,
              std::map<std::string, Attribute> attributes = {}) {
    Node node;
    node.op = op;
    node.inputs = std::move(inputs);
    node.attributes = std::move(attributes);
    const ValueId output = graph.add_value("v");
    node.outputs = {output};
    graph.add_node(std::move(node));
    return output;
  }

  /// "[N, 3]", "?" for an unknown element, "none" where nothing is known.
  std::string read(ValueId value) {
    infer_shapes(graph);
    const auto found = symbolic_integers(graph, value);
    if (!found) return "none";
    Dims dims;
    for (const SymbolicInteger& element : found->elements) {
      dims.push_back({element.number.value_or(-1), element.symbol});
    }
    return (found->shape.empty() ? "scalar " : "") + to_string(dims);
  }
};

TEST(SymbolicIntegers, FollowsTheTargetOfAView) {
  // view(x.size(0), -1), as PyTorch exports it.
  Chain chain;
  const ValueId shape = chain.add("Shape", {chain.input("N 1280 1 1")});
  const ValueId batch = chain.add("Gather", {shape, chain.scalar(0)});
  const ValueId row = chain.add("Unsqueeze", {batch, chain.integers({0})});
  const ValueId target = chain.add("Concat", {row, chain.integers({-1})}, {{"axis", 0L}});

  EXPECT_EQ(chain.read(shape), "[N, 1280, 1, 1]");
  EXPECT_EQ(chain.read(batch), "scalar [N]");
  const auto found = symbolic_integers(chain.graph, target);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->elements[0], (SymbolicInteger{std::nullopt, "N"}));
  EXPECT_EQ(found->elements[1], (SymbolicInteger{-1, ""}));
  EXPECT_EQ(known_integers(chain.graph, target), std::nullopt);
}

TEST(SymbolicIntegers, SlicesAndGathers) {
  Chain chain;
  const ValueId shape = chain.add("Shape", {chain.input("N 3 8 9")});
  const auto slice = [&](const Integers& start, const Integers& end, const Integers& step) {
    return chain.add("Slice", {shape, chain.integers(start), chain.integers(end),
                               chain.integers({0}), chain.integers(step)});
  };
  EXPECT_EQ(chain.read(slice({2}, {kLargest}, {1})), "[8, 9]");
  EXPECT_EQ(chain.read(slice({-1}, {-9}, {-2})), "[9, 3]");
  EXPECT_EQ(chain.read(chain.add("Gather", {shape, chain.integers({-1, 1})})), "[9, 3]");
  EXPECT_EQ(chain.read(chain.add("Shape", {shape})), "[4]");
}

TEST(SymbolicIntegers, Computes) {
  Chain chain;
  const ValueId shape = chain.add("Shape", {chain.input("N 3 8 9")});
  const ValueId two = chain.scalar(2);
  EXPECT_EQ(chain.read(chain.add("Mul", {shape, two})), "[?, 6, 16, 18]");
  EXPECT_EQ(chain.read(chain.add("Div", {shape, two})), "[?, 1, 4, 4]");
  EXPECT_EQ(chain.read(chain.add("Add", {shape, shape})), "[?, 6, 16, 18]");
  EXPECT_EQ(chain.read(chain.add("Sub", {shape, two})), "[?, 1, 6, 7]");
  EXPECT_EQ(chain.read(chain.add("Mul", {chain.scalar(1), shape})), "[N, 3, 8, 9]");
  EXPECT_EQ(chain.read(chain.add("Sub", {shape, chain.scalar(0)})), "[N, 3, 8, 9]");
}

TEST(SymbolicIntegers, GivesUpWhereArithmeticIsNotDefined) {
  Chain chain;
  const ValueId largest = chain.integers({kLargest});
  const ValueId lowest = chain.integers({std::numeric_limits<std::int64_t>::min()});
  EXPECT_EQ(chain.read(chain.add("Add", {largest, largest})), "none");
  EXPECT_EQ(chain.read(chain.add("Mul", {largest, largest})), "none");
  EXPECT_EQ(chain.read(chain.add("Sub", {lowest, largest})), "none");
  EXPECT_EQ(chain.read(chain.add("Div", {largest, chain.integers({0})})), "none");
  EXPECT_EQ(chain.read(chain.add("Div", {lowest, chain.integers({-1})})), "none");
  EXPECT_EQ(chain.read(chain.add("Cast", {largest}, {{"to", 6L}})), "none");
  EXPECT_EQ(chain.read(chain.add("Cast", {chain.integers({5})}, {{"to", 6L}})), "[5]");
}

TEST(SymbolicIntegers, IsSilentAboutEverythingElse) {
  Chain chain;
  EXPECT_EQ(chain.read(chain.input("N 3")), "none");
  EXPECT_EQ(chain.read(chain.add("Relu", {chain.integers({1})})), "none");
  EXPECT_EQ(chain.read(chain.graph.add_constant("f", Tensor::scalar(1.0f))), "none");
  EXPECT_EQ(chain.read(chain.graph.add_constant("big", Tensor(DType::kInt64, {257}))), "none");
}

TEST(SymbolicIntegers, StopsWhereAChainDoublesForever) {
  Chain chain;
  ValueId value = chain.integers({0});
  for (int i = 0; i < 64; ++i) value = chain.add("Add", {value, value});
  EXPECT_EQ(chain.read(value), "none");
}

TEST(SymbolicIntegers, RefusesToGatherWhatIsNotThere) {
  Chain chain;
  const ValueId shape = chain.add("Shape", {chain.input("N 3")});
  const ValueId last = chain.add("Add", {chain.scalar(1), chain.scalar(1)});
  const ValueId value = chain.add("Gather", {shape, last});
  infer_shapes(chain.graph);
  test::expect_error(ErrorCode::kParse, "Gather reads element 2 of 2 elements",
                     [&] { symbolic_integers(chain.graph, value); });
}

TEST(SymbolicIntegers, FollowsFloats) {
  // interpolate(x, scale_factor=1.5), as PyTorch exports it: floor(float(extent) · 1.5).
  Chain chain;
  const ValueId shape = chain.add("Shape", {chain.input("N 3 7 8")});
  const ValueId extents = chain.add("Slice", {shape, chain.integers({2}), chain.integers({4})});
  const ValueId real = chain.add("Cast", {extents}, {{"to", 1L}});
  const ValueId factor = chain.graph.add_constant("f", Tensor::scalar(1.5F));
  const ValueId scaled = chain.add("Floor", {chain.add("Mul", {real, factor})});
  const ValueId sizes = chain.add("Cast", {scaled}, {{"to", 7L}});
  const ValueId front = chain.add("Slice", {shape, chain.integers({0}), chain.integers({2})});
  const ValueId target = chain.add("Concat", {front, sizes}, {{"axis", 0L}});
  EXPECT_EQ(chain.read(target), "[N, 3, 10, 12]");
  EXPECT_EQ(known_chain(chain.graph, scaled), Tensor::of<float>({2}, std::vector<float>{10, 12}));
  EXPECT_EQ(known_chain(chain.graph, target), std::nullopt);
}

TEST(SymbolicIntegers, ReversesPadsAsPyTorchDoes) {
  // Last axis first, as its begin and end, turned into all begins and all ends.
  Chain chain;
  const ValueId rows =
      chain.add("Reshape", {chain.integers({1, 2, 3, 4, 0, 0, 0, 0}), chain.integers({-1, 2})});
  const ValueId reversed =
      chain.add("Slice", {rows, chain.integers({-1}), chain.integers({-kLargest}),
                          chain.integers({0}), chain.integers({-1})});
  const ValueId turned = chain.add("Transpose", {reversed}, {{"perm", Integers{1, 0}}});
  const ValueId pads = chain.add("Reshape", {turned, chain.integers({-1})});
  EXPECT_EQ(chain.read(pads), "[0, 0, 3, 1, 0, 0, 4, 2]");
}

TEST(SymbolicIntegers, ChoosesAndCounts) {
  Chain chain;
  const ValueId wanted = chain.integers({-1, 4});
  const ValueId ones = chain.add("ConstantOfShape", {chain.integers({2})},
                                 {{"value", Tensor::of<std::int64_t>({1}, Integers{1})}});
  const ValueId is_free = chain.add("Equal", {wanted, chain.integers({-1})});
  EXPECT_EQ(chain.read(chain.add("Where", {is_free, ones, wanted})), "[1, 4]");
  EXPECT_EQ(chain.read(chain.add("Size", {chain.input("2 3 4")})), "scalar [24]");
  EXPECT_EQ(chain.read(chain.add("Size", {chain.input("N 3 4")})), "none");
}

}  // namespace
}  // namespace quern
