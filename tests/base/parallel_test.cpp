#include "quern/base/parallel.h"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "quern/base/error.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using testing::ElementsAre;

using Order = std::array<std::vector<std::size_t>, kLanes>;

/// The indices that each lane saw.
Order order(std::size_t count, int threads) {
  Order seen;
  for_each_lane(count, threads,
                [&](std::size_t lane, std::size_t index) { seen[lane].push_back(index); });
  return seen;
}

TEST(ForEachLane, GivesEveryLaneItsIndicesInOrderOnAnyNumberOfThreads) {
  const Order expected = order(11, 1);
  EXPECT_THAT(expected[0], ElementsAre(0, 4, 8));
  EXPECT_THAT(expected[3], ElementsAre(3, 7));
  for (const int threads : {0, 2, 3, 9}) EXPECT_EQ(order(11, threads), expected) << threads;
}

TEST(ForEachLane, RunsLanesSideBySide) {
  // Neither of two lanes goes on before the other one has begun.
  std::atomic<int> begun = 0;
  for_each_lane(2, 2, [&](std::size_t, std::size_t) {
    ++begun;
    while (begun < 2) std::this_thread::yield();
  });
  EXPECT_EQ(begun, 2);
}

TEST(ForEachLane, DoesNothingForNoIndices) {
  for_each_lane(0, 2, [](std::size_t, std::size_t) { FAIL(); });
}

TEST(ForEachLane, ThrowsWhatTheLowestFailingIndexThrew) {
  for (const int threads : {1, 2}) {
    test::expect_error(ErrorCode::kInvalidArgument, "index 2", [&] {
      for_each_lane(9, threads,
                    [](std::size_t, std::size_t index) { require(index < 2, "index {}", index); });
    });
  }
}

TEST(ForEachIndex, RunsEveryIndexOnceOnAnyNumberOfThreads) {
  for (const int threads : {0, 1, 2, 9}) {
    std::vector<std::atomic<int>> runs(30);
    for_each_index(runs.size(), threads, [&](std::size_t index) { ++runs[index]; });
    for (const auto& count : runs) EXPECT_EQ(count, 1) << threads;
  }
}

TEST(ForEachIndex, ThrowsWhatTheLowestFailingIndexThrew) {
  for (const int threads : {1, 2, 3}) {
    test::expect_error(ErrorCode::kInvalidArgument, "index 2", [&] {
      for_each_index(9, threads, [](std::size_t index) { require(index < 2, "index {}", index); });
    });
  }
}

}  // namespace
}  // namespace quern
