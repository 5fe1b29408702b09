#include "quern/executor/internal/plain_fake_quant.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/round.h>
#include <ATen/ops/where.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

namespace quern {
namespace {

struct Call : torch::CustomClassHolder {
  PlainGrid grid;

  at::Tensor code(const at::Tensor& x) const {
    const at::Tensor code = x / grid.scale;
    return grid.zero_point == 0 ? code : code + grid.zero_point;
  }
  at::Tensor clamped(const at::Tensor& code) const {
    return at::clamp(code, grid.spec.qmin(), grid.spec.qmax());
  }
  at::Tensor rounded(const at::Tensor& clamped) const {
    if (!grid.spec.is_bipolar()) return at::round(clamped);
    return at::where(clamped >= 0, 1.0F, -1.0F);
  }
};

struct PlainFunction : torch::autograd::Function<PlainFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& scale, const c10::intrusive_ptr<Call>& call) {
    context->save_for_backward({x});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    context->saved_data["learns_scale"] = scale.requires_grad();
    const at::Tensor code = call->rounded(call->clamped(call->code(x)));
    return (code - call->grid.zero_point) * call->grid.scale;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const auto capsule = context->saved_data["call"].toCapsule();
    const auto& call = static_cast<const Call&>(*capsule);
    const at::Tensor& dy = gradients[0];
    const at::Tensor code = call.code(x);
    const at::Tensor clamped = call.clamped(code);
    const at::Tensor is_inside = clamped == code;
    at::Tensor by_scale;
    if (context->saved_data["learns_scale"].toBool()) {
      const at::Tensor outside = clamped - call.grid.zero_point;
      const at::Tensor inside = call.grid.learns_step ? call.rounded(clamped) - code : code * 0.0;
      by_scale = (dy * at::where(is_inside, inside, outside)).sum_to_size(call.grid.scale.sizes());
      by_scale = by_scale * call.grid.factor;
    }
    return {dy * is_inside, by_scale, at::Tensor()};
  }
};

}  // namespace

at::Tensor plain_fake_quant(const at::Tensor& x, const PlainGrid& grid) {
  auto call = c10::make_intrusive<Call>();
  call->grid = grid;
  call->grid.scale = grid.scale.detach();
  return PlainFunction::apply(x, grid.scale, call);
}

}  // namespace quern
