#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "quern/base/isa.h"
#include "quern/kernels/moments.h"
#include "quern/quantizers/pointwise.h"
#include "quern/quantizers/pointwise_gradient.h"

namespace quern {

/// A 2-D convolution over float memory [images, height, width, channels] without dilation. Pairs
/// are [height, width].
struct ConvShape {
  using Pair = std::array<std::int64_t, 2>;

  std::int64_t images = 1;
  std::int64_t channels = 1;
  std::int64_t out_channels = 1;
  std::int64_t groups = 1;
  Pair kernel = {1, 1};
  Pair strides = {1, 1};
  Pair pads = {0, 0};  ///< Top, left.
  Pair input = {1, 1};
  Pair output = {1, 1};

  /// Inputs that one output reads.
  std::int64_t depth() const { return kernel[0] * kernel[1] * channels / groups; }

  bool operator==(const ConvShape&) const = default;
};

/// What a convolution reads: memory as it lies, or what a pass makes of it, which is computed piece
/// by piece and never written as a whole.
struct ConvInput {
  const float* x = nullptr;
  const GradientPass* pass = nullptr;  ///< Null: as it lies. Its period is that of the channels.

  /// `count` elements from `first` on: in `scratch`, where they are computed.
  const float* read(std::int64_t first, std::int64_t count, float* scratch, Isa isa) const;
};

/// How moments of a convolution's output move its gradient: by (y − mean) · slope + intercept.
struct MomentsGradient {
  std::int64_t period = 0;  ///< Elements of the arrays.
  const float* y = nullptr;
  const float* mean = nullptr;
  const float* slope = nullptr;
  const float* intercept = nullptr;
};

/// The gradient by a convolution's output.
struct OutputGradient {
  const float* dy = nullptr;
  std::optional<MomentsGradient> moments = {};

  /// As ConvInput::read.
  const float* read(std::int64_t first, std::int64_t count, float* scratch, Isa isa) const;
};

struct ConvForward {
  ConvInput input;
  float* y = nullptr;
  std::span<const Pointwise> passes = {};  ///< Over the outputs, one after the other.

  /// Takes `count` outputs, whole pixels, through the passes.
  void finish(float* outputs, std::int64_t count) const {
    for (const Pointwise& pass : passes) pass(outputs, outputs, count);
  }
};

struct ConvBackward {
  ConvInput input;
  OutputGradient output;
  const float* mean = nullptr;  ///< Of the input's channels, repeated, where there is a pass.
  float* dx = nullptr;          ///< By x; null: not wanted.
};

/// What a piece adds to the gradients that all pieces share, from 0 on.
struct ConvSums {
  float* weight = nullptr;  ///< In the weight's order.
  float* pass = nullptr;    ///< As PassReduction has them, where there are a pass and dx.
};

/// A convolution forwards and backwards, with the pass in front of it and the moments behind it: a
/// piece of a tensor goes through all of them while it is in a core's cache.
///
/// Work comes in pieces, which threads share; their number follows from the shape alone, and what
/// they write does not overlap. Every ISA gives the same bits.
class ConvKernel {
 public:
  virtual ~ConvKernel() = default;

  virtual std::int64_t pieces() const = 0;

  /// @param moments  Of the piece's outputs, before the passes; null: not wanted.
  virtual void forward(std::int64_t piece, const ConvForward& work, MomentSums* moments) const = 0;
  virtual void backward(std::int64_t piece, const ConvBackward& work,
                        const ConvSums& sums) const = 0;

  const ConvShape& shape() const { return shape_; }

 protected:
  ConvKernel(const ConvShape& shape, Isa isa) : shape_(shape), isa_(isa) {}

  /// What gradients go through behind the convolution: the pass, with its sums. `gradient` is by
  /// the `count` elements from `first` on, and becomes that by x.
  void pass_back(const ConvBackward& work, const ConvSums& sums, float* gradient,
                 std::int64_t first, std::int64_t count) const;

  std::int64_t input_size() const {
    return shape_.images * shape_.input[0] * shape_.input[1] * shape_.channels;
  }
  std::int64_t output_size() const {
    return shape_.images * shape_.output[0] * shape_.output[1] * shape_.out_channels;
  }

  ConvShape shape_;
  Isa isa_;
};

/// The convolutions that have a kernel here.
enum class ConvKind : std::uint8_t {
  kPointwise,  ///< 1×1, stride 1, no pads.
  kDepthwise,  ///< A channel each, 3×3 or 5×5.
  kDense,      ///< Any other of few inputs an output, where nobody asks for dx.
};

/// The kind of a convolution, whose sizes of images do not matter. None where a library that blocks
/// large products for all caches does better: above 2¹⁵ weights.
std::optional<ConvKind> conv_kind(const ConvShape& shape, bool needs_input_gradient);

/// @param weight  [out_channels, kernel height, kernel width, channels / groups], copied.
std::unique_ptr<ConvKernel> make_conv_kernel(ConvKind kind, const ConvShape& shape,
                                             std::span<const float> weight, Isa isa = active_isa());

}  // namespace quern
