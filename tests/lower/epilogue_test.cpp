#include "quern/lower/epilogue.h"

#include <gtest/gtest.h>

#include <cmath>

namespace quern {
namespace {

TEST(Epilogue, OfNothingIsTheValueItself) {
  const Epilogue epilogue;
  EXPECT_TRUE(epilogue.is_empty());
  EXPECT_FALSE(epilogue.is_per_channel());
  EXPECT_EQ(epilogue(1.5F, 3), 1.5F);
  EXPECT_EQ(epilogue.line(3), Line());
}

TEST(Epilogue, AppliesItsPartsInOrder) {
  Epilogue epilogue;
  epilogue.append(Epilogue::Affine{.multiplier = {2, -3}, .offset = {1, 4}});
  epilogue.append(Epilogue::Clip{0, 6});
  epilogue.append(Epilogue::Affine{.multiplier = {4}, .divides = true});
  EXPECT_TRUE(epilogue.is_per_channel());
  EXPECT_EQ(epilogue(2, 0), 1.25F);
  EXPECT_EQ(epilogue(100, 0), 1.5F);
  EXPECT_EQ(epilogue(1, 1), 0.25F);
  EXPECT_EQ(epilogue(9, 1), 0);
}

TEST(Epilogue, RoundsTwiceLikeAFloatRun) {
  Epilogue epilogue;
  epilogue.append(Epilogue::Affine{.multiplier = {0.1F}, .offset = {-0.7F}});
  volatile float product = 7.0F * 0.1F;
  EXPECT_EQ(epilogue(7, 0), product + -0.7F);
}

TEST(Epilogue, IsALineWithEnds) {
  Epilogue epilogue;
  epilogue.append(Epilogue::Affine{.multiplier = {2, -2, 0}, .offset = {1}});
  epilogue.append(Epilogue::Clip{0, 6});
  epilogue.append(Epilogue::Affine{.multiplier = {0.5F}});
  EXPECT_EQ(epilogue.line(0), (Line{1, 0.5, 0, 3}));
  EXPECT_EQ(epilogue.line(1), (Line{-1, 0.5, 0, 3}));
  EXPECT_EQ(epilogue.line(2), (Line{0, 0.5, 0.5, 0.5})) << "a dead channel is constant";
}

TEST(Epilogue, TurnsItsEndsWithANegativeFactor) {
  Epilogue epilogue;
  epilogue.append(Epilogue::Clip{-1, 3});
  epilogue.append(Epilogue::Affine{.multiplier = {-2}, .offset = {1}});
  EXPECT_EQ(epilogue.line(0), (Line{-2, 1, -5, 3}));
}

TEST(Epilogue, WithAFunctionIsNoLine) {
  Epilogue epilogue;
  epilogue.append(Epilogue::Function{[](float x) { return std::tanh(x); }, /*rises=*/true});
  EXPECT_TRUE(epilogue.is_monotone());
  EXPECT_FALSE(epilogue.line(0).has_value());
  epilogue.append(Epilogue::Function{[](float x) { return x * x; }, /*rises=*/false});
  EXPECT_FALSE(epilogue.is_monotone());
  EXPECT_EQ(epilogue(0, 0), 0);
}

}  // namespace
}  // namespace quern
