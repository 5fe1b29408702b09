#include "quern/ops/dims.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::dims;

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

TEST(Dims, ProductsStopAtTheLargestInteger) {
  EXPECT_EQ(saturating_multiply(6, 7), 42);
  EXPECT_EQ(saturating_multiply(std::int64_t{1} << 40, std::int64_t{1} << 40), kLargest);
  EXPECT_EQ(saturating_multiply(kLargest, 0), 0);
  EXPECT_EQ(least_element_count(dims("4294967296 4294967296")), kLargest);
}

TEST(Dims, AProductKeepsAFreeExtentOnlyBesideOnes) {
  EXPECT_EQ(product({}), (Dim{1, ""}));
  EXPECT_EQ(product(dims("2 3 4")), (Dim{24, ""}));
  EXPECT_EQ(product(dims("1 N 1")), (Dim{-1, "N"}));
  EXPECT_EQ(product(dims("N 3")), Dim{});
  EXPECT_EQ(product(dims("N M")), Dim{});
  EXPECT_EQ(least_element_count(dims("N 3 4")), 12);
}

TEST(Dims, UnifyTakesWhatIsKnown) {
  EXPECT_EQ(unify({3, ""}, {3, ""}), (Dim{3, ""}));
  EXPECT_EQ(unify({-1, "N"}, {3, ""}), (Dim{3, ""}));
  EXPECT_EQ(unify({-1, ""}, {-1, "N"}), (Dim{-1, "N"}));
  EXPECT_EQ(unify({2, ""}, {3, ""}), std::nullopt);
}

TEST(Dims, Broadcast) {
  const auto shape = [](const char* a, const char* b) {
    return to_string(broadcast(dims(a), dims(b)));
  };
  EXPECT_EQ(shape("2 3 4", "4"), "[2, 3, 4]");
  EXPECT_EQ(shape("3 1", "1 4"), "[3, 4]");
  EXPECT_EQ(shape("N 3 8 8", "3 1 1"), "[N, 3, 8, 8]");
  EXPECT_EQ(shape("1 3", "N 3"), "[N, 3]");
  EXPECT_EQ(shape("N 3", "N 3"), "[N, 3]");
  EXPECT_EQ(shape("N 3", "M 3"), "[?, 3]");
  EXPECT_EQ(shape("N 3", "5 3"), "[5, 3]");
  EXPECT_EQ(shape("", "2"), "[2]");
  EXPECT_EQ(broadcast(dims("2 3"), dims("2 4")), std::nullopt);
}

}  // namespace
}  // namespace quern
