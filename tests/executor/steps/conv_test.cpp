#include <gmock/gmock.h>

#include "tests/executor/steps/one_node.h"

namespace quern {
namespace {

using test::at;
using test::random_tensor;

/// Up to 200 products of unit-normal numbers, summed in another order.
constexpr float kReassociation = 5e-5F;

struct ConvCase {
  std::int64_t groups, stride, dilation;
  std::vector<std::int64_t> pads;      ///< Top, left, bottom, right.
  std::int64_t rows = 3, columns = 2;  ///< Of the kernel.
  std::int64_t in = 4, out = 8;        ///< Channels.
};

class ConvStep : public testing::TestWithParam<ConvCase> {};

constexpr std::int64_t kHeight = 7;
constexpr std::int64_t kWidth = 9;

std::map<std::string, Attribute> attributes_of(const ConvCase& given) {
  return {{"group", given.groups},
          {"strides", std::vector<std::int64_t>{given.stride, given.stride}},
          {"dilations", std::vector<std::int64_t>{given.dilation, given.dilation}},
          {"pads", given.pads}};
}

TEST_P(ConvStep, IsTheSumOverTheWindow) {
  const ConvCase& given = GetParam();
  const Tensor x = random_tensor({2, given.in, kHeight, kWidth}, 1);
  const Tensor weight =
      random_tensor({given.out, given.in / given.groups, given.rows, given.columns}, 2);
  const Tensor bias = random_tensor({given.out}, 3);
  const Tensor y = test::run_node("Conv", x, {weight, bias}, attributes_of(given))[0];

  const std::int64_t in_group = given.in / given.groups;
  for (std::int64_t n = 0; n < 2; ++n) {
    for (std::int64_t o = 0; o < given.out; ++o) {
      for (std::int64_t h = 0; h < y.shape()[2]; ++h) {
        for (std::int64_t w = 0; w < y.shape()[3]; ++w) {
          double sum = bias.data<float>()[static_cast<std::size_t>(o)];
          for (std::int64_t i = 0; i < in_group; ++i) {
            const std::int64_t channel = o / (given.out / given.groups) * in_group + i;
            for (std::int64_t kh = 0; kh < given.rows; ++kh) {
              for (std::int64_t kw = 0; kw < given.columns; ++kw) {
                sum += at(x, n, channel, h * given.stride + kh * given.dilation - given.pads[0],
                          w * given.stride + kw * given.dilation - given.pads[1]) *
                       at(weight, o, i, kh, kw);
              }
            }
          }
          ASSERT_NEAR(at(y, n, o, h, w), sum, kReassociation);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ConvStep,
    testing::Values(ConvCase{1, 1, 1, {0, 0, 0, 0}}, ConvCase{1, 2, 1, {1, 1, 1, 1}},
                    ConvCase{1, 2, 1, {0, 0, 1, 1}}, ConvCase{2, 1, 2, {2, 1, 0, 3}},
                    ConvCase{4, 1, 1, {1, 0, 1, 1}}, ConvCase{4, 1, 1, {1, 1, 1, 1}, 3, 3, 4, 4},
                    ConvCase{4, 2, 1, {0, 0, 1, 1}, 3, 3, 4, 4},
                    ConvCase{4, 1, 2, {2, 2, 2, 2}, 3, 3, 4, 4},
                    ConvCase{4, 2, 1, {2, 2, 2, 2}, 5, 5, 4, 4},
                    ConvCase{1, 1, 1, {0, 0, 0, 0}, 1, 1}, ConvCase{1, 2, 1, {0, 0, 0, 0}, 1, 1},
                    ConvCase{1, 1, 1, {0, 0, 1, 2}, 1, 1}, ConvCase{1, 1, 1, {1, 0, 0, 2}, 1, 1},
                    ConvCase{1, 1, 1, {0, 0, 0, 0}, 1, 1, 192, 192}));

/// The transposed convolution is the adjoint: every product lands where the convolution reads.
TEST(ConvTransposeStep, ScattersWhatAConvGathers) {
  const Tensor x = random_tensor({1, 2, 4, 5}, 1);
  const Tensor weight = random_tensor({2, 3, 3, 3}, 2);
  const Tensor bias = random_tensor({3}, 3);
  for (const auto& [pads, margin] :
       {std::pair{std::vector<std::int64_t>{0, 0, 0, 0}, std::int64_t{0}},
        {{1, 1, 1, 1}, 1},
        {{0, 1, 2, 0}, 0},
        {{0, 0, 0, 0}, 1}}) {
    const Tensor y =
        test::run_node("ConvTranspose", x, {weight, bias},
                       {{"strides", std::vector<std::int64_t>{2, 2}},
                        {"pads", pads},
                        {"output_padding", std::vector<std::int64_t>{margin, margin}}})[0];
    ASSERT_EQ(y.shape(),
              (Shape{1, 3, 9 - pads[0] - pads[2] + margin, 11 - pads[1] - pads[3] + margin}));
    for (std::int64_t o = 0; o < 3; ++o) {
      for (std::int64_t h = 0; h < y.shape()[2]; ++h) {
        for (std::int64_t w = 0; w < y.shape()[3]; ++w) {
          double sum = bias.data<float>()[static_cast<std::size_t>(o)];
          for (std::int64_t i = 0; i < 2; ++i) {
            for (std::int64_t kh = 0; kh < 3; ++kh) {
              for (std::int64_t kw = 0; kw < 3; ++kw) {
                const std::int64_t row = h + pads[0] - kh;
                const std::int64_t column = w + pads[1] - kw;
                if (row < 0 || column < 0 || row % 2 != 0 || column % 2 != 0) continue;
                sum += at(x, 0, i, row / 2, column / 2) * at(weight, i, o, kh, kw);
              }
            }
          }
          ASSERT_NEAR(at(y, 0, o, h, w), sum, kReassociation);
        }
      }
    }
  }
}

}  // namespace
}  // namespace quern
