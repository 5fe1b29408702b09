#include "quern/train/internal/clip_gradients.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

namespace quern {
namespace {

std::vector<Learned> parameters() {
  std::vector<Learned> list;
  for (const float gradient : {3.0F, 4.0F}) {
    const at::Tensor value = at::tensor({1.0F}).requires_grad_();
    value.mutable_grad() = at::tensor({gradient});
    list.push_back({"w", value});
  }
  list.push_back({"without", at::tensor({1.0F}).requires_grad_()});
  return list;
}

TEST(ClipGradients, ScalesAllByOneFactor) {
  const std::vector<Learned> list = parameters();
  EXPECT_EQ(clip_gradients(list, 1), 5);
  EXPECT_FLOAT_EQ(list[0].value.grad().item<float>(), 0.6F);
  EXPECT_FLOAT_EQ(list[1].value.grad().item<float>(), 0.8F);
}

TEST(ClipGradients, LeavesSmallOnesAlone) {
  const std::vector<Learned> list = parameters();
  EXPECT_EQ(clip_gradients(list, 5), 5);
  EXPECT_EQ(list[0].value.grad().item<float>(), 3);
}

}  // namespace
}  // namespace quern
