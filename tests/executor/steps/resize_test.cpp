#include <gtest/gtest.h>

#include "tests/executor/steps/one_node.h"

namespace quern {
namespace {

const Tensor kPicture = Tensor::of<float>({1, 1, 2, 2}, {0, 4, 8, 12});
const Tensor kNone = Tensor(DType::kFloat32, {0});

TEST(ResizeStep, RepeatsTheNearest) {
  const Tensor factors = Tensor::of<float>({4}, {1, 1, 1, 2});
  const Tensor y = test::run_node("Resize", kPicture, {kNone, factors},
                                  {{"mode", std::string("nearest")},
                                   {"coordinate_transformation_mode", std::string("asymmetric")},
                                   {"nearest_mode", std::string("floor")}})[0];
  EXPECT_EQ(y, Tensor::of<float>({1, 1, 2, 4}, {0, 0, 4, 4, 8, 8, 12, 12}));
}

TEST(ResizeStep, InterpolatesBothAxes) {
  const Tensor y =
      test::run_node("Resize", kPicture, {kNone, kNone, test::integers({1, 1, 3, 3})},
                     {{"mode", std::string("linear")},
                      {"coordinate_transformation_mode", std::string("align_corners")}})[0];
  EXPECT_EQ(y, Tensor::of<float>({1, 1, 3, 3}, {0, 2, 4, 4, 6, 8, 8, 10, 12}));
}

}  // namespace
}  // namespace quern
