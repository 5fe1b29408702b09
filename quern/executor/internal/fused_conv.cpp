#include "quern/executor/internal/fused_conv.h"

#include <ATen/ops/empty.h>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "quern/executor/internal/conv_shape.h"
#include "quern/executor/internal/torch_tensor.h"

namespace quern {
namespace {

std::optional<ConvKind> kind_of(const StepSource& source) {
  if (source.node.op() != "Conv" || !source.is_constant(1)) return std::nullopt;
  if (source.node.has_input(2) && !source.is_constant(2)) return std::nullopt;
  const WindowGeometry window = window_geometry(source.node.graph(), source.node.node());
  return kernel_kind(window, conv_shape(window, source.constants[1].sizes()),
                     /*needs_input_gradient=*/false);
}

/// The kernel for images of the sizes that came last: almost all batches have the same.
class KernelOfSizes {
 public:
  KernelOfSizes(ConvKind kind, const at::Tensor& weight) : kind_(kind), weight_(dense(weight)) {}

  std::shared_ptr<const ConvKernel> of(const ConvShape& shape) {
    const std::lock_guard lock(mutex_);
    if (kernel_ == nullptr || kernel_->shape() != shape) {
      const std::span weight(weight_.const_data_ptr<float>(),
                             static_cast<std::size_t>(weight_.numel()));
      kernel_ = make_conv_kernel(kind_, shape, weight);
    }
    return kernel_;
  }

 private:
  const ConvKind kind_;
  const at::Tensor weight_;
  std::mutex mutex_;
  std::shared_ptr<const ConvKernel> kernel_;
};

}  // namespace

bool has_conv_kernel(const StepSource& source) { return kind_of(source).has_value(); }

Forward build_fused_conv(const StepSource& source, const PointwiseChain& chain) {
  const WindowGeometry window = window_geometry(source.node.graph(), source.node.node());
  const ConvShape shape = conv_shape(window, source.constants[1].sizes());
  const auto kernels =
      std::make_shared<KernelOfSizes>(kind_of(source).value(), source.constants[1]);
  const at::Tensor bias = source.node.has_input(2) ? source.constants[2] : at::Tensor();
  return [=, passes = chain.passes(bias, shape.out_channels)](Arguments& inputs) {
    const at::Tensor& x = inputs[0];
    const std::shared_ptr<const ConvKernel> kernel = kernels->of(on_images(shape, window, x));
    const ConvShape& sizes = kernel->shape();
    at::Tensor y = at::empty({sizes.images, sizes.out_channels, sizes.output[0], sizes.output[1]},
                             x.options(), at::MemoryFormat::ChannelsLast);
    const ConvForward work{.input = {.x = x.const_data_ptr<float>()},
                           .y = y.mutable_data_ptr<float>(),
                           .passes = passes};
    for (std::int64_t piece = 0; piece < kernel->pieces(); ++piece) {
      kernel->forward(piece, work, nullptr);
    }
    return std::vector{std::move(y)};
  };
}

}  // namespace quern
