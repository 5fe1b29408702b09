// Functions of single elements, and Softmax.
#include "quern/importers/tflite/ops.h"

namespace quern::tflite_ops {
namespace {

using tflite::ActivationFunctionType;
using tflite::TensorType;

template <class Options>
void arithmetic(TfliteOp& op, std::string_view name) {
  op.finish({.op = name,
             .inputs = {op.value(0), op.value(1)},
             .activation = op.options<Options>().fused_activation_function});
}

void function(TfliteOp& op, std::string_view name, const TfliteOp::Attributes& attributes = {}) {
  op.finish({.op = name, .inputs = {op.value(0)}, .attributes = attributes});
}

void clip(TfliteOp& op, float low, float high) {
  op.finish({.op = "Clip", .inputs = {op.value(0), op.constant(low), op.constant(high)}});
}

/// The larger or smaller of a value and one constant, which is Clip's bound `bound`.
void bounded(TfliteOp& op, std::size_t bound) {
  const std::size_t constant = op.is_constant(0) ? 0 : 1;
  TfliteOp::check_supported(op.is_constant(constant),
                            "both its inputs are computed (supported: a bound that is constant)");
  std::vector<ValueId> inputs(bound + 1);
  inputs[0] = op.value(1 - constant);
  inputs[bound] = op.number(constant);
  op.finish({.op = "Clip", .inputs = inputs});
}

bool is_integer(TensorType type) { return type == TensorType::INT32 || type == TensorType::INT64; }

}  // namespace

void add(TfliteOp& op) { arithmetic<tflite::AddOptions>(op, "Add"); }
void sub(TfliteOp& op) { arithmetic<tflite::SubOptions>(op, "Sub"); }
void mul(TfliteOp& op) { arithmetic<tflite::MulOptions>(op, "Mul"); }
void div(TfliteOp& op) { arithmetic<tflite::DivOptions>(op, "Div"); }

void maximum(TfliteOp& op) { bounded(op, 1); }
void minimum(TfliteOp& op) { bounded(op, 2); }

void relu(TfliteOp& op) { function(op, "Relu"); }
void relu6(TfliteOp& op) { clip(op, 0, 6); }
void relu_n1_to_1(TfliteOp& op) { clip(op, -1, 1); }
void relu_0_to_1(TfliteOp& op) { clip(op, 0, 1); }

void leaky_relu(TfliteOp& op) {
  function(op, "LeakyRelu", {{"alpha", op.options<tflite::LeakyReluOptions>().alpha}});
}

void prelu(TfliteOp& op) { op.finish({.op = "PRelu", .inputs = {op.value(0), op.value(1)}}); }

void elu(TfliteOp& op) { function(op, "Elu"); }
void hard_swish(TfliteOp& op) { function(op, "HardSwish"); }
void logistic(TfliteOp& op) { function(op, "Sigmoid"); }
void tanh(TfliteOp& op) { function(op, "Tanh"); }

void softmax(TfliteOp& op) {
  const float beta = op.options<tflite::SoftmaxOptions>().beta;
  ValueId logits = op.value(0);
  if (beta != 1) logits = op.emit("Mul", {logits, op.constant(beta)});
  op.finish({.op = "Softmax", .inputs = {logits}, .attributes = {{"axis", std::int64_t{-1}}}});
}

void quantize(TfliteOp& op) { op.finish(op.value(0)); }

void dequantize(TfliteOp& op) { op.values().define_as(op.output(0), op.input(0)); }

void cast(TfliteOp& op) {
  const TensorType from = op.values().tensor(op.input(0)).type;
  const TensorType to = op.values().tensor(op.output(0)).type;
  TfliteOp::check_supported(from == to || (is_integer(from) && is_integer(to)),
                            "it turns {} into {} (supported: INT32 and INT64 into each other)",
                            tflite_name(from), tflite_name(to));
  op.values().define_as(op.output(0), op.input(0));
}

}  // namespace quern::tflite_ops
