#include "quern/ops/constant_value.h"

#include <gmock/gmock.h>

#include <numeric>

#include "tests/ops/one_op.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::OneOp;
using Integers = std::vector<std::int64_t>;

Tensor counting(Shape shape) {
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  std::iota(values.begin(), values.end(), 0.0f);
  return Tensor::of<float>(std::move(shape), values);
}

std::optional<Tensor> evaluate(OneOp& op) {
  op.shape();
  return evaluate_constant(op.graph(), op.node());
}

TEST(ConstantAttribute, ReadsEveryNumericForm) {
  const auto value = [](const char* key, Attribute attribute) {
    OneOp op("Constant");
    op.with(key, std::move(attribute));
    return constant_attribute(NodeView(op.graph(), op.node()));
  };
  EXPECT_EQ(value("value", counting({2})), counting({2}));
  EXPECT_EQ(value("value_int", std::int64_t{3}), Tensor::scalar<std::int64_t>(3));
  EXPECT_EQ(value("value_float", 0.5f), Tensor::scalar(0.5f));
  EXPECT_EQ(value("value_ints", Integers{1, 2}), Tensor::of<std::int64_t>({2}, Integers{1, 2}));
  EXPECT_EQ(value("value_floats", std::vector<float>{0, 1}), counting({2}));

  OneOp none("Constant");
  test::expect_error(ErrorCode::kUnsupported, "layer 'x': Constant has none of value",
                     [&] { constant_attribute(NodeView(none.graph(), none.node())); });
}

TEST(KnownValue, SeesConstantsAndConstantNodes) {
  OneOp node("Constant");
  node.with("value_int", std::int64_t{3});
  EXPECT_EQ(known_value(node.graph(), node.result()), Tensor::scalar<std::int64_t>(3));

  OneOp op("Relu");
  op.constant(counting({2}));
  EXPECT_EQ(known_value(op.graph(), op.node().inputs[0]), counting({2}));
  EXPECT_EQ(known_value(op.graph(), op.result()), std::nullopt);
  EXPECT_EQ(known_value(op.graph(), ValueId{}), std::nullopt);
}

TEST(EvaluateConstant, RelabelsAConstant) {
  OneOp reshape("Reshape");
  EXPECT_EQ(evaluate(reshape.constant(counting({2, 3})).integers({3, -1})), counting({3, 2}));
  OneOp flatten("Flatten");
  EXPECT_EQ(evaluate(flatten.constant(counting({2, 3, 1}))), counting({2, 3}));
  OneOp unsqueeze("Unsqueeze");
  EXPECT_EQ(evaluate(unsqueeze.constant(counting({2})).integers({0})), counting({1, 2}));
  OneOp identity("Identity");
  EXPECT_EQ(evaluate(identity.constant(counting({2}))), counting({2}));
}

TEST(EvaluateConstant, TransposesEveryElementType) {
  OneOp floats("Transpose");
  floats.constant(counting({2, 3})).with("perm", Integers{1, 0});
  EXPECT_EQ(evaluate(floats), Tensor::of<float>({3, 2}, std::vector<float>{0, 3, 1, 4, 2, 5}));

  OneOp bytes("Transpose");
  const std::vector<std::int8_t> values = {0, 1, 2, 3, 4, 5, 6, 7};
  bytes.constant(Tensor::of<std::int8_t>({2, 2, 2}, values)).with("perm", Integers{2, 0, 1});
  EXPECT_EQ(evaluate(bytes),
            Tensor::of<std::int8_t>({2, 2, 2}, std::vector<std::int8_t>{0, 2, 4, 6, 1, 3, 5, 7}));

  OneOp empty("Transpose");
  EXPECT_EQ(evaluate(empty.constant(counting({0, 3}))), counting({3, 0}));
}

TEST(EvaluateConstant, CastsWhereTheResultIsDefined) {
  OneOp to_float("Cast");
  to_float.integers({1, -2}).with("to", std::int64_t{1});
  EXPECT_EQ(evaluate(to_float), Tensor::of<float>({2}, std::vector<float>{1, -2}));

  OneOp to_int("Cast");
  to_int.constant(Tensor::scalar(1e30f)).with("to", std::int64_t{7});
  EXPECT_EQ(evaluate(to_int), std::nullopt);

  OneOp to_narrow("Cast");
  to_narrow.integers({3}).with("to", std::int64_t{6});
  EXPECT_EQ(evaluate(to_narrow), Tensor::of<std::int32_t>({1}, std::vector<std::int32_t>{3}));
}

TEST(EvaluateConstant, ReadsAFixedShape) {
  OneOp fixed("Shape");
  EXPECT_EQ(evaluate(fixed.input("2 3")), Tensor::of<std::int64_t>({2}, Integers{2, 3}));
  OneOp free("Shape");
  EXPECT_EQ(evaluate(free.input("N 3")), std::nullopt);
}

TEST(EvaluateConstant, LeavesWhatNeedsARun) {
  OneOp relu("Relu");
  EXPECT_EQ(evaluate(relu.constant(counting({2}))), std::nullopt);
  OneOp identity("Identity");
  EXPECT_EQ(evaluate(identity.input("2")), std::nullopt);
}

}  // namespace
}  // namespace quern
