#include "quern/base/gaps.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace quern {
namespace {

TEST(Gaps, GiveTheFirstPartThatIsLargeEnough) {
  Gaps gaps(100);
  EXPECT_EQ(gaps.take(10), 0);
  EXPECT_EQ(gaps.take(30), 10);
  EXPECT_EQ(gaps.take(20), 40);
  gaps.give_back(10, 30);
  EXPECT_EQ(gaps.take(35), 60);
  EXPECT_EQ(gaps.take(25), 10);
  EXPECT_EQ(gaps.room(), 10);
}

TEST(Gaps, GiveNothingWhereNoPartIsLargeEnough) {
  Gaps gaps(10);
  EXPECT_EQ(gaps.take(11), std::nullopt);
  EXPECT_EQ(gaps.take(10), 0);
  EXPECT_EQ(gaps.take(1), std::nullopt);
  EXPECT_EQ(gaps.take(0), 0);
  EXPECT_EQ(Gaps(0).take(1), std::nullopt);
}

TEST(Gaps, JoinPartsSideBySide) {
  for (const bool forward : {true, false}) {
    Gaps gaps(30);
    for (int i = 0; i < 3; ++i) gaps.take(10);
    gaps.give_back(forward ? 0 : 20, 10);
    gaps.give_back(10, 10);
    EXPECT_EQ(gaps.take(20), forward ? 0 : 10);
    gaps.give_back(forward ? 0 : 10, 20);
    gaps.give_back(forward ? 20 : 0, 10);
    EXPECT_EQ(gaps.take(30), 0);
  }
}

TEST(Gaps, NeverGiveAPositionTwice) {
  constexpr std::size_t kSize = 1000;
  Gaps gaps(kSize);
  std::map<std::size_t, std::size_t> taken;
  std::size_t sum = 0;
  std::mt19937 generator(1);
  for (int i = 0; i < 5000; ++i) {
    if (generator() % 2 == 0 && !taken.empty()) {
      const auto piece = std::next(taken.begin(), generator() % std::ssize(taken));
      gaps.give_back(piece->first, piece->second);
      sum -= piece->second;
      taken.erase(piece);
    } else if (const std::size_t size = 1 + generator() % 50; const auto begin = gaps.take(size)) {
      const auto next = taken.upper_bound(*begin);
      EXPECT_LE(*begin + size, next == taken.end() ? kSize : next->first);
      if (next != taken.begin()) {
        EXPECT_LE(std::prev(next)->first + std::prev(next)->second, *begin);
      }
      taken[*begin] = size;
      sum += size;
    }
    ASSERT_EQ(gaps.room(), kSize - sum);
  }
}

}  // namespace
}  // namespace quern
