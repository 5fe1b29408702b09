#include "quern/kernels/depthwise_row.h"

#include <gtest/gtest.h>

#include <vector>

namespace quern {
namespace {

/// Small integers, whose products and sums float32 holds exactly.
std::vector<float> integers(std::int64_t count, int step) {
  std::vector<float> result;
  for (std::int64_t i = 0; i < count; ++i) result.push_back(static_cast<float>(i * step % 7 - 3));
  return result;
}

constexpr std::int64_t kWidth = 6;

TEST(DepthwiseRow, SumsUpItsWindow) {
  for (const std::int64_t kernel : {3, 5}) {
    for (const std::int64_t channels : {1, 4, 9, 16, 29}) {
      for (const std::int64_t stride : {1, 2}) {
        const std::int64_t length = ((kWidth - 1) * stride + kernel) * channels;
        const auto input = integers(kernel * length, 3);
        const auto weight = integers(kernel * kernel * channels, 5);
        std::vector<const float*> rows;
        for (std::int64_t k = 0; k < kernel; ++k) rows.push_back(input.data() + k * length);
        std::vector<float> wanted(static_cast<std::size_t>(kWidth * channels));
        for (std::int64_t i = 0; i < kWidth * channels; ++i) {
          for (std::int64_t k = 0; k < kernel * kernel; ++k) {
            const std::int64_t x = i / channels * stride + k % kernel;
            wanted[static_cast<std::size_t>(i)] +=
                rows[static_cast<std::size_t>(k / kernel)][x * channels + i % channels] *
                weight[static_cast<std::size_t>(k * channels + i % channels)];
          }
        }
        for (const Isa isa : available_isas()) {
          std::vector<float> y(wanted.size());
          run(DepthwiseRow{kernel, channels, kWidth, stride, rows.data(), weight.data(), y.data()},
              isa);
          EXPECT_EQ(y, wanted) << name(isa);
        }
      }
    }
  }
}

TEST(DepthwiseRow, GoesBackThroughTheKernelTurnedRound) {
  for (const std::int64_t kernel : {3, 5}) {
    for (const std::int64_t channels : {1, 4, 9, 16, 29}) {
      const std::int64_t length = (kWidth + kernel - 1) * channels;
      const auto gradient = integers(kernel * length, 3);
      const auto weight = integers(kernel * kernel * channels, 5);
      const auto x = integers(kWidth * channels, 2);
      std::vector<const float*> rows;
      for (std::int64_t k = 0; k < kernel; ++k) rows.push_back(gradient.data() + k * length);
      std::vector<float> dx(x.size());
      std::vector<float> dweight(weight.size(), 1);  // Is added to.
      for (std::int64_t i = 0; i < kWidth * channels; ++i) {
        for (std::int64_t k = 0; k < kernel * kernel; ++k) {
          const std::int64_t column = i / channels + kernel - 1 - k % kernel;
          const float g =
              rows[static_cast<std::size_t>(k / kernel)][column * channels + i % channels];
          const auto w = static_cast<std::size_t>(k * channels + i % channels);
          dx[static_cast<std::size_t>(i)] += g * weight[w];
          dweight[w] += g * x[static_cast<std::size_t>(i)];
        }
      }
      for (const Isa isa : available_isas()) {
        std::vector<float> found(dx.size());
        std::vector<float> by_weight(weight.size(), 1);
        run(DepthwiseRowBackward{kernel, channels, kWidth, rows.data(), weight.data(), x.data(),
                                 found.data(), by_weight.data()},
            isa);
        EXPECT_EQ(found, dx) << name(isa);
        EXPECT_EQ(by_weight, dweight) << name(isa);
      }
    }
  }
}

}  // namespace
}  // namespace quern
