#include "quern/engine/internal/kernel_call.h"

#include "quern/runtime/depthwise.h"

namespace quern::internal {
namespace {

ConvKernel conv_kernel(std::int32_t weight_bits, bool depthwise) {
  switch (weight_bits) {
    case 8:
      return depthwise ? quern_depthwise_w8 : quern_conv_w8;
    case 4:
      return depthwise ? quern_depthwise_w4 : quern_conv_w4;
    case 2:
      return depthwise ? quern_depthwise_w2 : quern_conv_w2;
    default:
      return depthwise ? quern_depthwise_w1 : quern_conv_w1;
  }
}

/// Binds the kind of an op.
struct Bind {
  const IntModel& model;
  const IntOp& op;
  KernelCall& call;

  void operator()(const IntConv& conv) const {
    const auto index = static_cast<std::size_t>(&op - model.ops.data());
    call.kernel = KernelCall::Conv{conv_kernel(conv.weights.bits, is_depthwise(model, op)),
                                   conv_args(model, op), model.memory.scratch[index]};
  }
  void operator()(const IntMaxPool&) const {
    call.kernel = KernelCall::MaxPool{max_pool_args(model, op)};
  }
  void operator()(const IntAveragePool&) const {
    call.kernel = KernelCall::AveragePool{average_pool_args(model, op)};
  }
  void operator()(const IntAdd&) const { call.kernel = add_args(model, op); }
  void operator()(const IntAffine&) const { call.kernel = affine_args(model, op); }
  void operator()(const IntLookup&) const { call.kernel = lookup_args(model, op); }
  void operator()(const IntConcat&) const {
    KernelCall::Concat concat;
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      concat.parts.push_back(concat_args(model, op, i));
    }
    call.kernel = std::move(concat);
  }
  void operator()(const IntPad&) const { call.kernel = pad_args(model, op); }
  void operator()(const IntResize&) const { call.kernel = resize_args(model, op); }
};

/// Calls the kernel.
struct Run {
  const KernelCall& call;
  std::uint8_t* arena;
  std::int32_t begin, end;

  const std::uint8_t* input(std::size_t position = 0) const {
    return arena + call.inputs[position];
  }
  std::uint8_t* output() const { return arena + call.output; }

  void operator()(const KernelCall::Conv& conv) const {
    conv.kernel(&conv.args, input(), output(), arena + conv.scratch, begin, end);
  }
  void operator()(const KernelCall::MaxPool& pool) const {
    quern_max_pool(&pool.args, input(), output(), begin, end);
  }
  void operator()(const KernelCall::AveragePool& pool) const {
    quern_average_pool(&pool.args, input(), output(), begin, end);
  }
  void operator()(const QuernAdd& add) const {
    quern_add(&add, input(0), input(1), output(), begin, end);
  }
  void operator()(const QuernAffine& affine) const {
    quern_affine(&affine, input(), output(), begin, end);
  }
  void operator()(const QuernLookup& lookup) const {
    quern_lookup(&lookup, input(), output(), begin, end);
  }
  void operator()(const KernelCall::Concat& concat) const {
    for (std::size_t i = 0; i < concat.parts.size(); ++i) {
      quern_concat(&concat.parts[i], input(i), output(), begin, end);
    }
  }
  void operator()(const QuernPad& pad) const { quern_pad(&pad, input(), output(), begin, end); }
  void operator()(const QuernResize& resize) const {
    quern_resize(&resize, input(), output(), begin, end);
  }
};

}  // namespace

void KernelCall::run(std::uint8_t* arena, std::int32_t row_begin,
                     std::int32_t row_end) const noexcept {
  std::visit(Run{*this, arena, row_begin, row_end}, kernel);
}

KernelCall make_call(const IntModel& model, const IntOp& op) {
  const auto offset = [&](TensorIndex tensor) {
    return model.memory.tensors[static_cast<std::size_t>(tensor)].offset;
  };
  KernelCall call{.output = offset(op.output)};
  for (const TensorIndex input : op.inputs) call.inputs.push_back(offset(input));
  std::visit(Bind{model, op, call}, op.kind);
  return call;
}

}  // namespace quern::internal
