#include "quern/lower/weight_arrays.h"

#include <gmock/gmock.h>

#include "tests/support/int_network.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

/// Takes out of the arrays what an op must have there.
class ArraysOfOp {
 public:
  ArraysOfOp(const IntModel& model, const IntOp& op, std::map<std::string, Tensor>& arrays)
      : layer_(op.layer), input_(model.tensors.at(op.inputs[0])), arrays_(arrays) {
    const IntTensor& output = model.tensors.at(op.output);
    take("output_scale", output.scale);
    take("output_zero_point", std::vector{output.zero_point});
    std::visit([&](const auto& kind) { take_numbers(kind); }, op.kind);
  }

 private:
  template <class T>
  void take(const char* what, const std::vector<T>& expected) {
    take(what, expected, {std::ssize(expected)});
  }

  template <class T>
  void take(const char* what, const std::vector<T>& expected, const Shape& shape) {
    if (expected.empty()) return;
    const std::string name = layer_ + "." + what;
    const auto found = arrays_.extract(name);
    ASSERT_FALSE(found.empty()) << name;
    EXPECT_EQ(found.mapped().shape(), shape) << name;
    ASSERT_EQ(found.mapped().dtype(), DTypeOf<T>::value) << name;
    EXPECT_THAT(found.mapped().data<T>(), ElementsAreArray(expected)) << name;
  }

  void take_numbers(const Requantization& numbers) {
    take("multiplier", numbers.multiplier);
    take("shift", numbers.shift);
    take("remainder", numbers.remainder);
    take("highest", numbers.highest);
    const std::int64_t levels = std::int64_t{numbers.high} - numbers.low;
    take("thresholds", numbers.thresholds, {std::ssize(numbers.thresholds) / levels, levels});
  }
  void take_numbers(const IntConv& conv) {
    const std::vector<std::int32_t> weights = unpack_weights(conv.weights);
    take("weight", std::vector<std::int16_t>(weights.begin(), weights.end()),
         {std::ssize(conv.bias), conv.window.height, conv.window.width,
          input_.channels / conv.groups});
    take("weight_scale", conv.weight_scale);
    take("bias", conv.bias);
    take_numbers(conv.requantization);
  }
  void take_numbers(const IntAveragePool& pool) { take_numbers(pool.requantization); }
  void take_numbers(const IntAdd& add) {
    take("factor", std::vector{add.factor_a, add.factor_b});
    take("bias", std::vector{add.bias});
    take_numbers(add.requantization);
  }
  void take_numbers(const IntAffine& affine) {
    take("factor", affine.factor);
    take("bias", affine.bias);
    take_numbers(affine.requantization);
  }
  void take_numbers(const IntLookup& lookup) {
    const std::int64_t codes = std::int64_t{1} << input_.bits;
    take("table", lookup.table, {std::ssize(lookup.table) / codes, codes});
  }
  template <class Move>
  void take_numbers(const Move&) {}

  std::string layer_;
  const IntTensor& input_;
  std::map<std::string, Tensor>& arrays_;
};

TEST(WeightArrays, AreTheNumbersOfTheModelAndNoOthers) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    IntModel model = test::every_op(seed);
    std::get<IntConv>(model.ops[1].kind).requantization.highest = {255, 17, 255, 0, 99, 255};
    std::map<std::string, Tensor> arrays = weight_arrays(model);
    for (const IntOp& op : model.ops) ArraysOfOp(model, op, arrays);
    EXPECT_THAT(arrays, IsEmpty()) << "seed " << seed;
  }
}

TEST(WeightArrays, HoldTheIntegersOfEveryLayer) {
  const std::vector<std::int32_t> weights = {1, -2, 3, -4, 5, -6, 7, -8};
  IntConv conv{.window = {.height = 1, .width = 2},
               .weights = pack_weights(weights, 2, 4),
               .weight_scale = {0.5F},
               .bias = {9, -9}};
  conv.requantization = {.rounding = kQuernThresholds,
                         .low = 0,
                         .high = 3,
                         .multiplier = {1, -1},
                         .thresholds = {1, 2, 3, 4, 5, 6}};
  IntModel model{.tensors = {{.channels = 2, .bits = 2, .scale = {1}},
                             {.channels = 2, .bits = 2, .scale = {0.25F}, .zero_point = 1}}};
  model.ops = {{.layer = "conv", .inputs = {0}, .output = 1, .kind = conv},
               {.layer = "conv", .inputs = {1}, .output = 0, .kind = IntLookup{{3, 2, 1, 0}}},
               {.layer = "add", .inputs = {0, 0}, .output = 1, .kind = IntAdd{2, -3, 4}}};
  const auto arrays = weight_arrays(model);
  EXPECT_EQ(arrays.at("conv.weight").shape(), (Shape{2, 1, 2, 2}));
  EXPECT_THAT(arrays.at("conv.weight").data<std::int16_t>(),
              ElementsAre(1, -2, 3, -4, 5, -6, 7, -8));
  EXPECT_THAT(arrays.at("conv.bias").data<std::int32_t>(), ElementsAre(9, -9));
  EXPECT_EQ(arrays.at("conv.thresholds").shape(), (Shape{2, 3}));
  EXPECT_THAT(arrays.at("conv.output_scale").data<float>(), ElementsAre(0.25F));
  EXPECT_FALSE(arrays.contains("conv.shift")) << "thresholds have none";
  EXPECT_EQ(arrays.at("conv#2.table").shape(), (Shape{1, 4}));
  EXPECT_THAT(arrays.at("add.factor").data<std::int32_t>(), ElementsAre(2, -3));
  EXPECT_THAT(arrays.at("add.bias").data<std::int32_t>(), ElementsAre(4));
}

}  // namespace
}  // namespace quern
