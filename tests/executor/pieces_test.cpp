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

}  // namespace
}  // namespace quern
