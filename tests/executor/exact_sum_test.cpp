#include "quern/executor/internal/exact_sum.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "quern/base/random.h"
#include "quern/executor/plan.h"
#include "quern/ops/window_geometry.h"

namespace quern {
namespace {

constexpr float kInputScale = 0.0137F;
constexpr std::int32_t kInputZero = 3;

std::vector<std::int32_t> random_codes(std::int64_t count, std::int64_t low, std::int64_t high,
                                       std::uint64_t seed) {
  Random random(seed);
  std::vector<std::int32_t> codes;
  for (std::int64_t i = 0; i < count; ++i) {
    codes.push_back(static_cast<std::int32_t>(random.integer(low, high)));
  }
  return codes;
}

/// A layer whose input and weight are on grids, both 8 bits.
class ExactSum : public testing::Test {
 protected:
  /// @param scales  Of the weight, one per channel of axis `axis`: the first or the last.
  void make(const std::string& op, const Shape& input, const Shape& weight,
            std::vector<float> scales, int axis, const std::vector<float>& bias = {},
            std::map<std::string, Attribute> attributes = {}) {
    input_codes_ = random_codes(size_of(input), 0, 255, 1);
    weight_codes_ = random_codes(size_of(weight), -127, 127, 2);
    scales_ = scales;
    const ValueId x = graph_.add_input("x", DType::kFloat32, fixed_dims(input));
    const ValueId on_grid = quant(x, {.bits = 8, .is_signed = false}, {kInputScale}, {kInputZero});
    std::vector<float> values;
    const std::size_t per_channel = weight_codes_.size() / scales.size();
    for (std::size_t i = 0; i < weight_codes_.size(); ++i) {
      const float scale = scales.at(axis == 0 ? i / per_channel : i % scales.size());
      values.push_back(static_cast<float>(weight_codes_[i]) * scale);
    }
    const QuantSpec grid{.bits = 8, .granularity = Granularity::kPerChannel, .channel_axis = axis};
    const ValueId constant = graph_.add_constant("w", Tensor::of<float>(weight, values));
    Node node{.layer = "sum", .op = op, .attributes = std::move(attributes)};
    node.inputs = {on_grid, quant(constant, grid, std::move(scales), {})};
    if (!bias.empty()) {
      node.inputs.push_back(graph_.add_constant("b", Tensor::of<float>({std::ssize(bias)}, bias)));
    }
    node.outputs = {graph_.add_value("y")};
    graph_.add_node(node);
    graph_.add_output(node.outputs[0]);
    std::vector<float> pixels;
    for (const std::int32_t code : input_codes_) {
      pixels.push_back(static_cast<float>(code - kInputZero) * kInputScale);
    }
    picture_ = Tensor::of<float>(input, pixels);
  }

  std::vector<float> run(SumMode sums) const {
    const Tensor y = Plan(graph_, {.sums = sums}).run({picture_})[0];
    return {y.data<float>().begin(), y.data<float>().end()};
  }

  std::int64_t input(std::int64_t index) const {
    return input_codes_.at(static_cast<std::size_t>(index)) - kInputZero;
  }
  std::int64_t weight(std::int64_t index) const {
    return weight_codes_.at(static_cast<std::size_t>(index));
  }
  float real(std::int64_t sum, std::int64_t channel, float bias = 0) const {
    const double step = double{scales_.at(static_cast<std::size_t>(channel))} * double{kInputScale};
    return static_cast<float>(static_cast<double>(sum) * step + double{bias});
  }

  Graph graph_;
  Tensor picture_;

 private:
  static std::int64_t size_of(const Shape& shape) {
    std::int64_t size = 1;
    for (const std::int64_t extent : shape) size *= extent;
    return size;
  }

  ValueId quant(ValueId value, QuantSpec spec, std::vector<float> scales,
                std::vector<std::int32_t> zero) {
    Quantizer entry{.name = "grid", .kind = QuantizerKind::kCalibrated, .spec = spec};
    entry.scale = graph_.add_scale({.name = "s", .values = std::move(scales)});
    entry.zero_point = std::move(zero);
    const ValueId result = graph_.add_value("q");
    graph_.add_node({.layer = "quant",
                     .op = "Quant",
                     .inputs = {value},
                     .outputs = {result},
                     .quantizer = graph_.add_quantizer(std::move(entry))});
    return result;
  }

  std::vector<std::int32_t> input_codes_;
  std::vector<std::int32_t> weight_codes_;
  std::vector<float> scales_;
};

TEST_F(ExactSum, OfAConvolutionIsThatOfItsCodes) {
  make("Conv", {1, 2, 5, 4}, {4, 1, 3, 3}, {0.011F, 0.3F, 0.007F, 1.9F}, 0,
       {0.5F, -2.25F, 0.013F, 100.0F},
       {{"group", std::int64_t{2}}, {"pads", std::vector<std::int64_t>{1, 0, 0, 1}}});
  const std::vector<float> y = run(SumMode::kExact);
  ASSERT_EQ(y.size(), 4U * 4 * 3);
  const std::array bias = {0.5F, -2.25F, 0.013F, 100.0F};
  for (std::int64_t o = 0; o < 4; ++o) {
    for (std::int64_t h = 0; h < 4; ++h) {
      for (std::int64_t w = 0; w < 3; ++w) {
        std::int64_t sum = 0;
        for (std::int64_t i = 0; i < 3; ++i) {
          for (std::int64_t j = 0; j < 3; ++j) {
            const std::int64_t row = h + i - 1;
            const std::int64_t column = w + j;
            if (row < 0 || row >= 5 || column >= 4) continue;
            sum += input((o / 2 * 5 + row) * 4 + column) * weight((o * 3 + i) * 3 + j);
          }
        }
        EXPECT_EQ(y[static_cast<std::size_t>((o * 4 + h) * 3 + w)],
                  real(sum, o, bias.at(static_cast<std::size_t>(o))));
      }
    }
  }
}

/// So deep that float32 does not hold the sums.
constexpr std::int64_t kDeep = 3000;

TEST_F(ExactSum, OfADeepLinearLayerIsThatOfItsCodes) {
  make("Gemm", {2, kDeep}, {3, kDeep}, {0.011F, 0.3F, 0.007F}, 0, {0.5F, -2.25F, 0.013F},
       {{"transB", std::int64_t{1}}, {"alpha", 0.5F}, {"beta", 2.0F}});
  const std::vector<float> y = run(SumMode::kExact);
  const std::array bias = {1.0F, -4.5F, 0.026F};
  for (std::int64_t n = 0; n < 2; ++n) {
    for (std::int64_t o = 0; o < 3; ++o) {
      std::int64_t sum = 0;
      for (std::int64_t i = 0; i < kDeep; ++i) sum += input(n * kDeep + i) * weight(o * kDeep + i);
      // Halves of a sum are exact.
      EXPECT_EQ(y[static_cast<std::size_t>(n * 3 + o)],
                real(sum, o, 2 * bias.at(static_cast<std::size_t>(o))) / 2);
    }
  }
}

TEST_F(ExactSum, OfAMatrixProductIsThatOfItsCodes) {
  make("MatMul", {1, kDeep}, {kDeep, 2}, {0.011F, 0.3F}, 1);
  const std::vector<float> y = run(SumMode::kExact);
  for (std::int64_t o = 0; o < 2; ++o) {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < kDeep; ++i) sum += input(i) * weight(i * 2 + o);
    EXPECT_EQ(y[static_cast<std::size_t>(o)], real(sum, o));
  }
  EXPECT_NE(run(SumMode::kFloat32), y);  // What the mode is for.
}

TEST_F(ExactSum, LeavesLayersThatReadNoGrid) {
  const ValueId x = graph_.add_input("x", DType::kFloat32, {{1}, {4}});
  const ValueId y = graph_.add_value("y");
  const Tensor weight = Tensor::of<float>({4, 1}, std::vector<float>{0.1F, -0.2F, 0.3F, 0.4F});
  graph_.add_node({.layer = "float",
                   .op = "MatMul",
                   .inputs = {x, graph_.add_constant("w", weight)},
                   .outputs = {y}});
  graph_.add_output(y);
  picture_ = Tensor::of<float>({1, 4}, std::vector<float>{1, 2, 3, 5});
  EXPECT_EQ(run(SumMode::kExact), run(SumMode::kFloat32));
}

}  // namespace
}  // namespace quern
