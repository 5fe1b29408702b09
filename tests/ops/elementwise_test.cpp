#include "quern/ops/elementwise.h"

#include <gmock/gmock.h>

#include <limits>

namespace quern {
namespace {

Tensor reals(const std::vector<float>& values) {
  return Tensor::of<float>({std::ssize(values)}, values);
}
Tensor integers(const std::vector<std::int64_t>& values) {
  return Tensor::of<std::int64_t>({std::ssize(values)}, values);
}
Tensor truths(const std::vector<int>& values) {
  Tensor tensor(DType::kBool, {std::ssize(values)});
  std::ranges::copy(values, tensor.mutable_data<bool>().begin());
  return tensor;
}

constexpr auto kReal = DType::kFloat32;
constexpr auto kInteger = DType::kInt64;
constexpr auto kTruth = DType::kBool;

TEST(Elementwise, ComputesWithFloats) {
  EXPECT_EQ(elementwise("Div", {reals({1, -3}), reals({2, 2})}, kReal), reals({0.5F, -1.5F}));
  EXPECT_EQ(elementwise("Floor", {reals({1.5F, -1.5F})}, kReal), reals({1, -2}));
  EXPECT_EQ(elementwise("Round", {reals({0.5F, 1.5F, -2.5F})}, kReal), reals({0, 2, -2}));
  EXPECT_EQ(elementwise("Sqrt", {reals({4})}, kReal), reals({2}));
  EXPECT_EQ(elementwise("Pow", {reals({3}), integers({2})}, kReal), reals({9}));
  EXPECT_EQ(elementwise("Max", {reals({1, 5}), reals({2, 2}), reals({0, 9})}, kReal),
            reals({2, 9}));
  EXPECT_EQ(elementwise("Reciprocal", {reals({4})}, kReal), reals({0.25F}));
}

TEST(Elementwise, ComputesWithIntegersExactly) {
  const std::int64_t large = (std::int64_t{1} << 62) + 1;
  EXPECT_EQ(elementwise("Sub", {integers({large}), integers({1})}, kInteger),
            integers({large - 1}));
  EXPECT_EQ(elementwise("Div", {integers({-7}), integers({2})}, kInteger), integers({-3}));
  EXPECT_EQ(elementwise("Mod", {integers({-7, 7, 5}), integers({2, -2, -1})}, kInteger),
            integers({1, -1, 0}));
  EXPECT_EQ(elementwise("Abs", {integers({-7})}, kInteger), integers({7}));
}

TEST(Elementwise, ComparesAndChooses) {
  EXPECT_EQ(elementwise("Equal", {integers({1, 2}), integers({1, 1})}, kTruth), truths({1, 0}));
  EXPECT_EQ(elementwise("Less", {reals({1, 2}), reals({2, 2})}, kTruth), truths({1, 0}));
  EXPECT_EQ(elementwise("Not", {truths({1, 0})}, kTruth), truths({0, 1}));
  EXPECT_EQ(elementwise("And", {truths({1, 1}), truths({1, 0})}, kTruth), truths({1, 0}));
  EXPECT_EQ(elementwise("Where", {truths({1, 0}), integers({1, 2}), integers({3, 4})}, kInteger),
            integers({1, 4}));
}

TEST(Elementwise, Broadcasts) {
  const Tensor column = reals({1, 2}).reshaped({2, 1});
  EXPECT_EQ(elementwise("Add", {column, reals({10, 20, 30})}, kReal),
            reals({11, 21, 31, 12, 22, 32}).reshaped({2, 3}));
  EXPECT_EQ(elementwise("Add", {reals({1, 2}), reals({1, 2, 3})}, kReal), std::nullopt);
}

TEST(Elementwise, CastsWhatFits) {
  EXPECT_EQ(elementwise("Cast", {reals({1.9F, -1.9F})}, kInteger), integers({1, -1}));
  EXPECT_EQ(elementwise("Cast", {integers({3})}, kReal), reals({3}));
  EXPECT_EQ(elementwise("Cast", {reals({0, 0.5F})}, kTruth), truths({0, 1}));
  EXPECT_EQ(elementwise("Cast", {reals({1e30F})}, kInteger), std::nullopt);
  EXPECT_EQ(elementwise("Cast", {integers({std::int64_t{1} << 40})}, DType::kInt32), std::nullopt);
}

TEST(Elementwise, HasNoResultForWhatIsNoNumber) {
  EXPECT_EQ(elementwise("Div", {reals({0}), reals({0})}, kReal), std::nullopt);
  EXPECT_EQ(elementwise("Div", {integers({1}), integers({0})}, kInteger), std::nullopt);
  EXPECT_EQ(elementwise("Log", {reals({-1})}, kReal), std::nullopt);
  EXPECT_EQ(elementwise("Exp", {reals({1000})}, kReal), std::nullopt);
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(elementwise("Add", {integers({most}), integers({1})}, kInteger), std::nullopt);
  EXPECT_EQ(elementwise("Mul", {integers({most}), integers({2})}, kInteger), std::nullopt);
  EXPECT_EQ(elementwise("Neg", {integers({-most - 1})}, kInteger), std::nullopt);
}

TEST(Elementwise, HasNoResultForOtherOpsAndLargeTensors) {
  EXPECT_EQ(elementwise("Conv", {reals({1})}, kReal), std::nullopt);
  EXPECT_EQ(elementwise("Sqrt", {integers({4})}, kInteger), std::nullopt);
  const Tensor column(kReal, {100, 1});
  EXPECT_EQ(elementwise("Add", {column, Tensor(kReal, {100})}, kReal), std::nullopt);
  EXPECT_TRUE(elementwise("Abs", {Tensor(kReal, {4096})}, kReal));
  EXPECT_FALSE(elementwise("Abs", {Tensor(kReal, {4097})}, kReal));
}

}  // namespace
}  // namespace quern
