#include <gmock/gmock.h>

#include <limits>

#include "quern/calibrate/observer.h"

namespace quern {
namespace {

float threshold(const std::vector<float>& values) {
  const auto observer = make_observer("min_max", {});
  observer->add(values);
  return observer->threshold();
}

TEST(MinMax, IsTheLargestMagnitude) {
  EXPECT_EQ(threshold({0.5F, -3.0F, 2.0F}), 3.0F);
  EXPECT_EQ(threshold({1, std::numeric_limits<float>::infinity()}),
            std::numeric_limits<float>::infinity());
}

}  // namespace
}  // namespace quern
