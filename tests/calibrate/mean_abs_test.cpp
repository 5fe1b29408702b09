#include <gmock/gmock.h>

#include "quern/calibrate/observer.h"

namespace quern {
namespace {

float threshold(const std::vector<float>& values) {
  const auto observer = make_observer("mean_abs", {});
  observer->add(values);
  return observer->threshold();
}

TEST(MeanAbs, IsTheMeanMagnitude) { EXPECT_EQ(threshold({0.5F, -3.0F, 2.0F, -0.5F}), 1.5F); }

}  // namespace
}  // namespace quern
