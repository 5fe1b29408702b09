#include "quern/ops/node_view.h"

#include <gmock/gmock.h>

#include "tests/ops/one_op.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;
using test::OneOp;

TEST(NodeView, TellsOmittedInputsFromPresentOnes) {
  OneOp op("Clip");
  op.input("N 3").omitted().weight({});
  const NodeView view(op.graph(), op.node());

  EXPECT_TRUE(view.has_input(0));
  EXPECT_FALSE(view.has_input(1));
  EXPECT_TRUE(view.has_input(2));
  EXPECT_FALSE(view.has_input(3));
  EXPECT_TRUE(view.has_output(0));
  EXPECT_FALSE(view.has_output(1));
  EXPECT_EQ(view.dtype(0), DType::kFloat32);
  expect_error(ErrorCode::kParse, "layer 'x': Clip lacks input 1", [&] { view.input(1); });
}

TEST(NodeView, FallsBackToTheDefinition) {
  OneOp op("LeakyRelu");
  op.input("N 3");
  EXPECT_EQ(NodeView(op.graph(), op.node()).attribute<float>("alpha"), 0.01f);

  OneOp given("LeakyRelu");
  given.input("N 3").with("alpha", 0.2f);
  EXPECT_EQ(NodeView(given.graph(), given.node()).attribute<float>("alpha"), 0.2f);
}

TEST(NodeView, NamesAnAttributeThatIsMissingOrOfAnotherType) {
  OneOp op("Concat");
  op.input("N 3").with("axis", 1.0f);
  const NodeView view(op.graph(), op.node());

  EXPECT_EQ(view.find_attribute<float>("alpha"), nullptr);
  expect_error(ErrorCode::kParse, "layer 'x': Concat lacks its attribute 'alpha'",
               [&] { view.attribute<float>("alpha"); });
  expect_error(ErrorCode::kParse, "layer 'x': the attribute 'axis' of Concat has a wrong type",
               [&] { view.attribute<std::int64_t>("axis"); });
}

TEST(NodeView, CountsAxesFromTheBackWhereNegative) {
  OneOp op("Softmax");
  op.input("N 3");
  const NodeView view(op.graph(), op.node());

  EXPECT_EQ(view.axis(1, 4), 1U);
  EXPECT_EQ(view.axis(-1, 4), 3U);
  EXPECT_EQ(view.axis(-4, 4), 0U);
  for (const std::int64_t outside : {4, -5}) {
    expect_error(ErrorCode::kParse, "of a value with 4 axes", [&] { view.axis(outside, 4); });
  }
}

TEST(NodeView, SaysWhoIsWrong) {
  OneOp op("Relu");
  op.input("N 3");
  const NodeView view(op.graph(), op.node());

  EXPECT_NO_THROW(view.check(true, "unused"));
  EXPECT_NO_THROW(view.check_supported(true, "unused"));
  expect_error(ErrorCode::kParse, "layer 'x': found 3", [&] { view.check(false, "found {}", 3); });
  expect_error(ErrorCode::kUnsupported, "layer 'x': found 3",
               [&] { view.check_supported(false, "found {}", 3); });
}

}  // namespace
}  // namespace quern
