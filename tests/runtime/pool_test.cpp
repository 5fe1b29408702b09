#include "quern/runtime/pool.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/codes.h"

namespace quern {
namespace {

struct PoolCase {
  QuernPool pool;
  test::Codes input;

  PoolCase(QuernWindow window, std::int32_t bits, std::int32_t bottom, std::int32_t right)
      : pool(), input(test::random_codes(test::layout(7, 9, 5, bits), 1)) {
    const auto extent = [](std::int32_t padded, std::int32_t taps, std::int32_t dilation,
                           std::int32_t stride) {
      return (padded - (taps - 1) * dilation - 1) / stride + 1;
    };
    pool.input = input.layout;
    pool.output = test::layout(
        extent(7 + window.top + bottom, window.height, window.dilation_height,
               window.stride_height),
        extent(9 + window.left + right, window.width, window.dilation_width, window.stride_width),
        5, bits);
    pool.window = window;
  }

  /// The elements of a window that lie inside of the input.
  std::vector<std::int32_t> window_of(std::int32_t y, std::int32_t x, std::int32_t c) const {
    std::vector<std::int32_t> result;
    for (std::int32_t i = 0; i < pool.window.height; ++i) {
      for (std::int32_t j = 0; j < pool.window.width; ++j) {
        const std::int32_t row =
            y * pool.window.stride_height + i * pool.window.dilation_height - pool.window.top;
        const std::int32_t column =
            x * pool.window.stride_width + j * pool.window.dilation_width - pool.window.left;
        if (row < 0 || row >= 7 || column < 0 || column >= 9) continue;
        result.push_back(input.at(row, column, c));
      }
    }
    return result;
  }

  /// Calls `formula` with the window of every element.
  template <class Formula>
  std::vector<std::int32_t> expected(Formula&& formula) const {
    std::vector<std::int32_t> result;
    for (std::int32_t y = 0; y < pool.output.height; ++y) {
      for (std::int32_t x = 0; x < pool.output.width; ++x) {
        for (std::int32_t c = 0; c < 5; ++c) result.push_back(formula(window_of(y, x, c)));
      }
    }
    return result;
  }

  std::vector<std::int32_t> run(decltype(&quern_max_pool) kernel) const {
    const std::vector<std::uint8_t> from = test::pack(input);
    std::vector<std::uint8_t> to(test::buffer_bytes(pool.output));
    kernel(&pool, from.data(), to.data(), 0, 1);
    kernel(&pool, from.data(), to.data(), 1, pool.output.height);
    return test::unpack(pool.output, to).values;
  }
};

constexpr QuernWindow kWindows[] = {{2, 2, 2, 2, 1, 1, 0, 0},
                                    {3, 3, 2, 1, 1, 1, 1, 1},
                                    {2, 3, 1, 2, 3, 2, 2, 1},
                                    {7, 9, 1, 1, 1, 1, 0, 0}};

TEST(Pool, MaximumEqualsTheFormula) {
  for (const QuernWindow& window : kWindows) {
    for (const std::int32_t bits : {8, 4, 2}) {
      const PoolCase given(window, bits, window.top, window.left);
      EXPECT_EQ(given.run(quern_max_pool),
                given.expected([](const auto& taps) { return *std::ranges::max_element(taps); }));
    }
  }
}

TEST(Pool, AverageDividesByTheTapsInside) {
  // Entry n − 1 holds 1 / n.
  std::vector<std::int32_t> multiplier;
  std::vector<std::uint8_t> shift;
  for (std::int32_t n = 1; n <= 63; ++n) {
    multiplier.push_back(static_cast<std::int32_t>((std::int64_t{1} << 30) / n));
    shift.push_back(30);
  }
  for (const QuernWindow& window : kWindows) {
    PoolCase given(window, 4, window.top, window.left);
    given.pool.zero_point = 3;
    given.pool.requantize = {kQuernNearest, 5, 0, 15, 1, multiplier.data(), shift.data(), nullptr};
    const auto mean = [&](const std::vector<std::int32_t>& taps) {
      std::int32_t sum = 0;
      for (const std::int32_t code : taps) sum += code - 3;
      const auto entry = static_cast<std::int32_t>(taps.size()) - 1;
      return test::requantized(given.pool.requantize, entry, sum);
    };
    EXPECT_EQ(given.run(quern_average_pool), given.expected(mean));
  }
}

TEST(Pool, AverageMayDivideByAConstant) {
  const std::int32_t multiplier = 1 << 30;
  const std::uint8_t shift = 33;
  PoolCase given({3, 3, 1, 1, 1, 1, 1, 1}, 8, 1, 1);
  given.pool.requantize = {kQuernFloor, 0, 0, 255, 0, &multiplier, &shift, nullptr};
  const auto eighth = [](const std::vector<std::int32_t>& taps) {
    std::int32_t sum = 0;
    for (const std::int32_t code : taps) sum += code;
    return std::min(sum / 8, 255);
  };
  EXPECT_EQ(given.run(quern_average_pool), given.expected(eighth));
}

}  // namespace
}  // namespace quern
