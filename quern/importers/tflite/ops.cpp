#include "quern/importers/tflite/ops.h"

#include <algorithm>
#include <array>
#include <vector>

#include "quern/base/nearest.h"

namespace quern {
namespace {

using tflite::BuiltinOperator;

constexpr TfliteForm kLayer = {.has_weight = true};
constexpr TfliteForm kRounds = {.grid = GridRule::kShared};
constexpr TfliteForm kMoves = {.grid = GridRule::kPreserved};

constexpr std::array kOps = {
    TfliteOpDef{BuiltinOperator::ADD, tflite_ops::add},
    TfliteOpDef{BuiltinOperator::AVERAGE_POOL_2D, tflite_ops::average_pool_2d, kRounds},
    TfliteOpDef{BuiltinOperator::BATCH_TO_SPACE_ND, tflite_ops::move_blocks, kMoves},
    TfliteOpDef{BuiltinOperator::CAST, tflite_ops::cast},
    TfliteOpDef{BuiltinOperator::CONCATENATION, tflite_ops::concatenation, kMoves},
    TfliteOpDef{BuiltinOperator::CONV_2D, tflite_ops::conv_2d, kLayer},
    TfliteOpDef{BuiltinOperator::DEPTHWISE_CONV_2D, tflite_ops::depthwise_conv_2d, kLayer},
    TfliteOpDef{BuiltinOperator::DEQUANTIZE, tflite_ops::dequantize},
    TfliteOpDef{BuiltinOperator::DIV, tflite_ops::div},
    TfliteOpDef{BuiltinOperator::ELU, tflite_ops::elu},
    TfliteOpDef{BuiltinOperator::EXPAND_DIMS, tflite_ops::expand_dims, kMoves},
    TfliteOpDef{BuiltinOperator::FULLY_CONNECTED, tflite_ops::fully_connected, kLayer},
    TfliteOpDef{BuiltinOperator::GATHER, tflite_ops::gather, kMoves},
    TfliteOpDef{BuiltinOperator::HARD_SWISH, tflite_ops::hard_swish},
    TfliteOpDef{BuiltinOperator::LEAKY_RELU, tflite_ops::leaky_relu},
    TfliteOpDef{BuiltinOperator::LOGISTIC, tflite_ops::logistic},
    TfliteOpDef{BuiltinOperator::MAXIMUM, tflite_ops::maximum, kMoves},
    TfliteOpDef{BuiltinOperator::MAX_POOL_2D, tflite_ops::max_pool_2d, kMoves},
    TfliteOpDef{BuiltinOperator::MEAN, tflite_ops::mean},
    TfliteOpDef{BuiltinOperator::MINIMUM, tflite_ops::minimum, kMoves},
    TfliteOpDef{BuiltinOperator::MIRROR_PAD, tflite_ops::mirror_pad, kMoves},
    TfliteOpDef{BuiltinOperator::MUL, tflite_ops::mul},
    TfliteOpDef{BuiltinOperator::PACK, tflite_ops::pack, kMoves},
    TfliteOpDef{BuiltinOperator::PAD, tflite_ops::pad, kMoves},
    TfliteOpDef{BuiltinOperator::PADV2, tflite_ops::pad, kMoves},
    TfliteOpDef{BuiltinOperator::PRELU, tflite_ops::prelu},
    TfliteOpDef{BuiltinOperator::QUANTIZE, tflite_ops::quantize, kMoves},
    TfliteOpDef{BuiltinOperator::RELU, tflite_ops::relu},
    TfliteOpDef{BuiltinOperator::RELU6, tflite_ops::relu6},
    TfliteOpDef{BuiltinOperator::RELU_0_TO_1, tflite_ops::relu_0_to_1},
    TfliteOpDef{BuiltinOperator::RELU_N1_TO_1, tflite_ops::relu_n1_to_1},
    TfliteOpDef{BuiltinOperator::RESHAPE, tflite_ops::reshape, kMoves},
    TfliteOpDef{BuiltinOperator::RESIZE_BILINEAR, tflite_ops::resize_bilinear, kRounds},
    TfliteOpDef{BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, tflite_ops::resize_nearest_neighbor,
                kMoves},
    TfliteOpDef{BuiltinOperator::SHAPE, tflite_ops::shape},
    TfliteOpDef{BuiltinOperator::SLICE, tflite_ops::slice, kMoves},
    TfliteOpDef{BuiltinOperator::SOFTMAX, tflite_ops::softmax},
    TfliteOpDef{BuiltinOperator::SPACE_TO_BATCH_ND, tflite_ops::move_blocks, kMoves},
    TfliteOpDef{BuiltinOperator::SPLIT, tflite_ops::split, kMoves},
    TfliteOpDef{BuiltinOperator::SPLIT_V, tflite_ops::split_v, kMoves},
    TfliteOpDef{BuiltinOperator::SQUEEZE, tflite_ops::squeeze, kMoves},
    TfliteOpDef{BuiltinOperator::STRIDED_SLICE, tflite_ops::strided_slice, kMoves},
    TfliteOpDef{BuiltinOperator::SUB, tflite_ops::sub},
    TfliteOpDef{BuiltinOperator::TANH, tflite_ops::tanh},
    TfliteOpDef{BuiltinOperator::TILE, tflite_ops::tile, kMoves},
    TfliteOpDef{BuiltinOperator::TRANSPOSE, tflite_ops::transpose, kMoves},
    TfliteOpDef{BuiltinOperator::TRANSPOSE_CONV, tflite_ops::transpose_conv, kLayer},
    TfliteOpDef{BuiltinOperator::UNPACK, tflite_ops::unpack, kMoves},
};

}  // namespace

const TfliteOpDef* find_tflite_op(BuiltinOperator op) {
  const auto* found = std::ranges::find(kOps, op, &TfliteOpDef::op);
  return found == kOps.end() ? nullptr : found;
}

std::string nearest_tflite_op(BuiltinOperator op) {
  std::vector<std::string> names;
  for (const TfliteOpDef& def : kOps) names.push_back(tflite_name(def.op));
  return nearest(tflite_name(op), names);
}

}  // namespace quern
