#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "tests/executor/steps/one_node.h"

namespace quern {
namespace {

using test::at;
using test::random_tensor;

/// Nine numbers of unit size, summed in another order.
constexpr float kReassociation = 1e-6F;

struct PoolCase {
  std::int64_t stride, ceil_mode, count_pads;
  std::vector<std::int64_t> pads;  ///< Top, left, bottom, right.
};

class PoolStep : public testing::TestWithParam<PoolCase> {
 protected:
  std::map<std::string, Attribute> attributes() const {
    const PoolCase& given = GetParam();
    return {{"kernel_shape", std::vector<std::int64_t>{3, 2}},
            {"strides", std::vector<std::int64_t>{given.stride, given.stride}},
            {"ceil_mode", given.ceil_mode},
            {"pads", given.pads}};
  }
  const Tensor x_ = random_tensor({2, 3, 8, 7}, 1);
};

TEST_P(PoolStep, TakesTheLargestOfEachWindow) {
  const PoolCase& given = GetParam();
  const Tensor y = test::run_node("MaxPool", x_, {}, attributes())[0];
  for (std::int64_t c = 0; c < 3; ++c) {
    for (std::int64_t h = 0; h < y.shape()[2]; ++h) {
      for (std::int64_t w = 0; w < y.shape()[3]; ++w) {
        float largest = -std::numeric_limits<float>::infinity();
        for (std::int64_t k = 0; k < 6; ++k) {
          largest = std::max(largest, at(x_, 1, c, h * given.stride + k / 2 - given.pads[0],
                                         w * given.stride + k % 2 - given.pads[1], largest));
        }
        ASSERT_EQ(at(y, 1, c, h, w), largest);
      }
    }
  }
}

/// A pad counts where the node says so; what ceil_mode adds beyond the pads never does.
TEST_P(PoolStep, TakesTheMeanOfEachWindow) {
  const PoolCase& given = GetParam();
  auto with_count = attributes();
  with_count["count_include_pad"] = given.count_pads;
  const Tensor y = test::run_node("AveragePool", x_, {}, with_count)[0];
  for (std::int64_t h = 0; h < y.shape()[2]; ++h) {
    for (std::int64_t w = 0; w < y.shape()[3]; ++w) {
      double sum = 0;
      int count = 0;
      for (std::int64_t k = 0; k < 6; ++k) {
        const std::int64_t row = h * given.stride + k / 2 - given.pads[0];
        const std::int64_t column = w * given.stride + k % 2 - given.pads[1];
        const bool inside = row >= 0 && row < 8 && column >= 0 && column < 7;
        const bool padded = row < 8 + given.pads[2] && column < 7 + given.pads[3];
        sum += at(x_, 0, 1, row, column);
        count += inside || (given.count_pads != 0 && padded);
      }
      ASSERT_NEAR(at(y, 0, 1, h, w), sum / count, kReassociation);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, PoolStep,
    testing::Values(PoolCase{1, 0, 0, {0, 0, 0, 0}}, PoolCase{2, 0, 0, {1, 1, 1, 1}},
                    PoolCase{2, 0, 1, {1, 1, 1, 1}}, PoolCase{2, 0, 0, {0, 0, 1, 1}},
                    PoolCase{2, 0, 1, {0, 0, 1, 1}}, PoolCase{2, 1, 0, {0, 0, 0, 0}},
                    PoolCase{3, 1, 1, {1, 0, 1, 1}}));

TEST(GlobalPoolStep, CoversThePlane) {
  const Tensor x = Tensor::of<float>({1, 2, 1, 2}, std::vector<float>{1, 3, -2, -8});
  EXPECT_EQ(test::run_node("GlobalAveragePool", x)[0],
            Tensor::of<float>({1, 2, 1, 1}, std::vector<float>{2, -5}));
  EXPECT_EQ(test::run_node("GlobalMaxPool", x)[0],
            Tensor::of<float>({1, 2, 1, 1}, std::vector<float>{3, -2}));
}

}  // namespace
}  // namespace quern
