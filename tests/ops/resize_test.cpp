#include <gmock/gmock.h>

#include <limits>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

Tensor floats(const std::vector<float>& values) {
  return Tensor::of<float>({std::ssize(values)}, values);
}

OneOp by_scales(const char* input, const std::vector<float>& scales) {
  OneOp op("Resize");
  op.input(input).omitted().constant(floats(scales));
  return op;
}

OneOp by_sizes(const char* input, const std::vector<std::int64_t>& sizes) {
  OneOp op("Resize");
  op.input(input).omitted().omitted().integers(sizes);
  return op;
}

TEST(Resize, ScalesOrSetsTheSizes) {
  EXPECT_EQ(by_scales("N 3 8 5", {1, 1, 2, 1.5f}).shape(), "[N, 3, 16, 7]");
  EXPECT_EQ(by_scales("N 3 H 8", {1, 1, 2, 0.5f}).shape(), "[N, 3, ?, 4]");
  EXPECT_EQ(by_sizes("N 3 8 8", {1, 3, 5, 20}).shape(), "[1, 3, 5, 20]");
  // An exporter's empty scales stand for none.
  EXPECT_EQ(OneOp("Resize")
                .input("1 3 8 8")
                .constant(floats({}))
                .constant(floats({}))
                .integers({1, 3, 4, 4})
                .shape(),
            "[1, 3, 4, 4]");
  EXPECT_EQ(OneOp("Resize").unknown_input().omitted().weight({4}).shape(), "unknown");
}

TEST(Resize, LivesOnItsInputsGridOnlyWhereItCopies) {
  EXPECT_EQ(by_scales("N 3 8 8", {1, 1, 2, 2}).role(), QuantRole::kPreserving);
  EXPECT_EQ(by_scales("N 3 8 8", {1, 1, 2, 2}).with("mode", std::string("linear")).role(),
            QuantRole::kFloat);
}

TEST(Resize, NamesWhatIsSupported) {
  const auto refusal = [](const char* key, const char* word) {
    return by_scales("N 3 8 8", {1, 1, 2, 2})
        .with(key, std::string(word))
        .error(ErrorCode::kUnsupported);
  };
  EXPECT_THAT(refusal("mode", "cubic"),
              HasSubstr("mode of Resize is 'cubic' (supported: nearest, linear)"));
  EXPECT_THAT(refusal("coordinate_transformation_mode", "tf_crop_and_resize"),
              HasSubstr("supported: half_pixel, pytorch_half_pixel, align_corners, asymmetric"));
  EXPECT_THAT(refusal("nearest_mode", "random"), HasSubstr("nearest_mode of Resize is 'random'"));
  EXPECT_THAT(by_scales("N 3 8", {1, 1, 2}).error(ErrorCode::kUnsupported),
              HasSubstr("the input of Resize is [N, 3, 8]"));
  EXPECT_THAT(by_scales("N 3 8 8", {1, 2, 1, 1}).error(ErrorCode::kUnsupported),
              HasSubstr("(supported: height and width change)"));
}

TEST(Resize, RefusesWhatIsWrong) {
  EXPECT_THAT(OneOp("Resize").input("N 3 8 8").error(), HasSubstr("either scales or sizes"));
  EXPECT_THAT(by_scales("N 3 8 8", {1, 1, 2, 2}).integers({1, 3, 8, 8}).error(),
              HasSubstr("and not both"));
  EXPECT_THAT(by_scales("N 3 8 8", {2, 2}).error(), HasSubstr("Resize has 2 scales"));
  EXPECT_THAT(by_sizes("N 3 8 8", {2, 2}).error(), HasSubstr("Resize has 2 sizes"));
  EXPECT_THAT(by_sizes("N 3 8 8", {1, 3, 0, 4}).error(), HasSubstr("Resize has a size of 0"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float scale : {0.0f, -1.0f, nan, std::numeric_limits<float>::infinity()}) {
    EXPECT_THAT(by_scales("N 3 8 8", {1, 1, scale, 1}).error(), HasSubstr("must be above 0"));
  }
  EXPECT_THAT(by_scales("N 3 8 8", {1, 1, 1e30f, 1}).error(), HasSubstr("Resize scales 8 by"));
}

TEST(Resize, RefusesNumbersComputedFromData) {
  EXPECT_THAT(OneOp("Resize").input("N 3 8 8").omitted().input("4").error(ErrorCode::kUnsupported),
              HasSubstr("the scales 'in2' of Resize are not constant"));
  OneOp sizes("Resize");
  sizes.input("N 3 8 8").omitted().omitted().input("4", DType::kInt64);
  EXPECT_THAT(sizes.error(ErrorCode::kUnsupported),
              HasSubstr("the sizes 'in3' of Resize are computed from data"));
}

}  // namespace
}  // namespace quern
