#include "quern/executor/internal/pieces.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

namespace quern {
namespace {

TEST(Pieces, AreDoneOnceEach) {
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    std::vector<int> done(100);
    for_each_piece(100, [&](std::int64_t piece) { ++done[static_cast<std::size_t>(piece)]; });
    EXPECT_EQ(done, std::vector<int>(100, 1)) << threads;
    for_each_piece(0, [](std::int64_t) { FAIL(); });
  }
}

#if defined(__GNUC__) && !defined(__clang__)
TEST(Pieces, AreDoneSideBySide) {
  at::set_num_threads(2);
  std::latch both(2);
  int met = 0;
  for_each_piece(2, [&](std::int64_t piece) {
    both.count_down();
    constexpr int kTries =
        10000;  // Of a millisecond: only a thread that never comes takes them all.
    for (int i = 0; i < kTries && !both.try_wait(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (piece == 0) met = both.try_wait() ? 1 : 0;
  });
  EXPECT_EQ(met, 1);
}
#endif

TEST(Pieces, HandOnWhatOneOfThemThrows) {
  at::set_num_threads(2);
  const auto work = [](std::int64_t piece) {
    if (piece == 3) throw std::runtime_error("three");
  };
  EXPECT_THROW(for_each_piece(8, work), std::runtime_error);
}

TEST(Pieces, AreSummedUpElementByElement) {
  // More than one thread's block, and a block that is not full.
  constexpr std::int64_t kPieces = 3;
  constexpr std::int64_t kLength = 1100;
  std::vector<float> values(kPieces * kLength);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const std::vector<double> sums = sum_over_pieces(values.data(), kPieces, kLength);
  ASSERT_EQ(sums.size(), kLength);
  for (std::size_t i = 0; i < kLength; ++i) {
    EXPECT_EQ(sums[i], 3.0 * static_cast<double>(i) + 3 * kLength) << i;
  }
}

TEST(Pieces, ColumnsThatRepeatBecomeChannels) {
  // Two kinds of sums, each of a period of four columns that stand for two channels.
  EXPECT_EQ(sum_over_repeats({1, 2, 10, 20, 100, 200, 1000, 2000}, /*period=*/4, /*channels=*/2),
            (std::vector<double>{11, 22, 1100, 2200}));
}

}  // namespace
}  // namespace quern
