// The TFLite ops that quern reads, each with the function that adds it to a graph.
#pragma once

#include "quern/importers/tflite/op.h"

namespace quern {

struct TfliteOpDef {
  tflite::BuiltinOperator op;
  /// @throws Error(kParse | kUnsupported) for attributes that contradict each other or that ONNX's
  ///         op lacks.
  void (*translate)(TfliteOp&) = nullptr;
  TfliteForm form = {};
};

/// The entry of `op`; null if it is not read.
const TfliteOpDef* find_tflite_op(tflite::BuiltinOperator op);
/// The op that is read and whose name is nearest to that of `op`: for error messages.
std::string nearest_tflite_op(tflite::BuiltinOperator op);

namespace tflite_ops {

// Layers with weights.
void conv_2d(TfliteOp& op);
void depthwise_conv_2d(TfliteOp& op);
void transpose_conv(TfliteOp& op);
void fully_connected(TfliteOp& op);
void move_blocks(TfliteOp& op);

// Windows over images and what else changes their extent.
void average_pool_2d(TfliteOp& op);
void max_pool_2d(TfliteOp& op);
void mean(TfliteOp& op);
void resize_bilinear(TfliteOp& op);
void resize_nearest_neighbor(TfliteOp& op);
void pad(TfliteOp& op);
void mirror_pad(TfliteOp& op);

// Functions of single elements, and of all along one axis.
void add(TfliteOp& op);
void sub(TfliteOp& op);
void mul(TfliteOp& op);
void div(TfliteOp& op);
void maximum(TfliteOp& op);
void minimum(TfliteOp& op);
void relu(TfliteOp& op);
void relu6(TfliteOp& op);
void relu_n1_to_1(TfliteOp& op);
void relu_0_to_1(TfliteOp& op);
void leaky_relu(TfliteOp& op);
void prelu(TfliteOp& op);
void elu(TfliteOp& op);
void hard_swish(TfliteOp& op);
void logistic(TfliteOp& op);
void tanh(TfliteOp& op);
void softmax(TfliteOp& op);
void quantize(TfliteOp& op);
void dequantize(TfliteOp& op);
void cast(TfliteOp& op);

// What moves elements, and the arithmetic of shapes.
void reshape(TfliteOp& op);
void squeeze(TfliteOp& op);
void expand_dims(TfliteOp& op);
void transpose(TfliteOp& op);
void concatenation(TfliteOp& op);
void split(TfliteOp& op);
void split_v(TfliteOp& op);
void pack(TfliteOp& op);
void unpack(TfliteOp& op);
void slice(TfliteOp& op);
void strided_slice(TfliteOp& op);
void shape(TfliteOp& op);
void gather(TfliteOp& op);
void tile(TfliteOp& op);

}  // namespace tflite_ops
}  // namespace quern
