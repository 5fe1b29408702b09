#include "quern/kernels/conv_kernel.h"

#include "quern/base/error.h"
#include "quern/kernels/dense_conv.h"
#include "quern/kernels/depthwise_conv.h"
#include "quern/kernels/pointwise_conv.h"

namespace quern {
namespace {

constexpr std::int64_t kMostWeights = 1 << 15;

}  // namespace

const float* ConvInput::read(std::int64_t first, std::int64_t count, float* scratch,
                             Isa isa) const {
  if (pass == nullptr) return x + first;
  run(*pass, PassForward{x + first, scratch}, count, isa);
  return scratch;
}

const float* OutputGradient::read(std::int64_t first, std::int64_t count, float* scratch,
                                  Isa isa) const {
  if (!moments) return dy + first;
  run({.period = moments->period},
      PassMomentsBackward{.x = moments->y + first,
                          .dy = dy + first,
                          .mean = moments->mean,
                          .slope = moments->slope,
                          .intercept = moments->intercept,
                          .dx = scratch},
      count, isa);
  return scratch;
}

void ConvKernel::pass_back(const ConvBackward& work, const ConvSums& sums, float* gradient,
                           std::int64_t first, std::int64_t count) const {
  if (work.input.pass == nullptr) return;
  run(*work.input.pass,
      PassReduction{.x = work.input.x + first,
                    .dy = gradient,
                    .mean = work.mean,
                    .sums = sums.pass,
                    .dx = gradient},
      count, isa_);
}

std::optional<ConvKind> conv_kind(const ConvShape& shape, bool needs_input_gradient) {
  using Pair = ConvShape::Pair;
  constexpr Pair kOne = {1, 1};
  constexpr Pair kNone = {0, 0};
  if (shape.out_channels * shape.depth() > kMostWeights) return std::nullopt;
  if (shape.groups == 1) {
    const bool is_pointwise = shape.kernel == kOne && shape.strides == kOne && shape.pads == kNone;
    if (is_pointwise) return ConvKind::kPointwise;
    return needs_input_gradient ? std::nullopt : std::optional(ConvKind::kDense);
  }
  const bool is_depthwise = shape.groups == shape.channels && shape.groups == shape.out_channels;
  const bool is_known = shape.kernel == Pair{3, 3} || shape.kernel == Pair{5, 5};
  const bool has_margin = shape.pads[0] < shape.kernel[0] && shape.pads[1] < shape.kernel[1];
  if (is_depthwise && is_known && has_margin) return ConvKind::kDepthwise;
  return std::nullopt;
}

std::unique_ptr<ConvKernel> make_conv_kernel(ConvKind kind, const ConvShape& shape,
                                             std::span<const float> weight, Isa isa) {
  switch (kind) {
    case ConvKind::kPointwise:
      return std::make_unique<PointwiseConv>(shape, weight, isa);
    case ConvKind::kDepthwise:
      return std::make_unique<DepthwiseConv>(shape, weight, isa);
    case ConvKind::kDense:
      return std::make_unique<DenseConv>(shape, weight, isa);
  }
  fail(ErrorCode::kInternal, "unknown kind of convolution {}", static_cast<int>(kind));
}

}  // namespace quern
