#include "quern/kernels/window_rows.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(WindowRows, AreThoseUnderTheWindowsWithZerosAroundThem) {
  const std::vector<float> x = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};  // Two images of 3 × 2.
  const ConvShape shape{.images = 2,
                        .kernel = {3, 3},
                        .strides = {2, 1},
                        .pads = {1, 1},
                        .input = {3, 2},
                        .output = {2, 2}};
  WindowRows rows(shape, {x.data()}, /*image=*/1, active_isa());
  const auto row = [&](std::int64_t k) { return std::vector<float>(rows.row(k), rows.row(k) + 4); };
  const std::vector<float> zeros(4);
  rows.go_to(0);
  EXPECT_EQ(row(0), zeros);
  EXPECT_EQ(row(1), (std::vector<float>{0, 7, 8, 0}));
  EXPECT_EQ(row(2), (std::vector<float>{0, 9, 10, 0}));
  rows.go_to(1);
  EXPECT_EQ(row(0), (std::vector<float>{0, 9, 10, 0}));
  EXPECT_EQ(row(1), (std::vector<float>{0, 11, 12, 0}));
  EXPECT_EQ(row(2), zeros);
}

TEST(WindowRows, AreWhatAPassMakesOfTheInput) {
  const std::vector<float> x = {1, -2};
  const std::vector<float> two(1, 2);
  const std::vector<float> one(1, 1);
  const GradientPass pass{
      .period = 1, .multiplier = two.data(), .offset = one.data(), .low = 0, .high = 9};
  WindowRows rows({.input = {1, 2}, .output = {1, 2}}, {x.data(), &pass}, 0, active_isa());
  rows.go_to(0);
  EXPECT_EQ(std::vector<float>(rows.row(0), rows.row(0) + 2), (std::vector<float>{3, 0}));
}

}  // namespace
}  // namespace quern
