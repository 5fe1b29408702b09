#include "quern/executor/internal/catalog.h"

#include <algorithm>
#include <array>

namespace quern {
namespace {

struct Entry {
  std::string_view op;
  BuildStep build;
};

// BatchNormalization, Relu and Clip are not here: fusion.h computes them.
constexpr std::array kCatalog = {
    Entry{"Abs", build_function},
    Entry{"Add", build_arithmetic},
    Entry{"AveragePool", build_average_pool},
    Entry{"Cast", build_cast},
    Entry{"Ceil", build_function},
    Entry{"Concat", build_concat},
    Entry{"Conv", build_conv},
    Entry{"ConvTranspose", build_conv_transpose},
    Entry{"Div", build_arithmetic},
    Entry{"Dropout", build_identity},
    Entry{"Elu", build_function},
    Entry{"Erf", build_function},
    Entry{"Exp", build_function},
    Entry{"Flatten", build_flatten},
    Entry{"Floor", build_function},
    Entry{"Gather", build_gather},
    Entry{"Gelu", build_function},
    Entry{"Gemm", build_gemm},
    Entry{"GlobalAveragePool", build_global_pool},
    Entry{"GlobalMaxPool", build_global_pool},
    Entry{"HardSigmoid", build_function},
    Entry{"HardSwish", build_function},
    Entry{"Identity", build_identity},
    Entry{"LeakyRelu", build_function},
    Entry{"Log", build_function},
    Entry{"LogSoftmax", build_softmax},
    Entry{"MatMul", build_matmul},
    Entry{"Max", build_extreme},
    Entry{"MaxPool", build_max_pool},
    Entry{"Min", build_extreme},
    Entry{"Mish", build_function},
    Entry{"Mul", build_arithmetic},
    Entry{"Neg", build_function},
    Entry{"PRelu", build_prelu},
    Entry{"Pad", build_pad},
    Entry{"Pow", build_arithmetic},
    Entry{"Quant", build_quant},
    Entry{"Reciprocal", build_function},
    Entry{"ReduceMax", build_reduction},
    Entry{"ReduceMean", build_reduction},
    Entry{"ReduceMin", build_reduction},
    Entry{"Reshape", build_reshape},
    Entry{"Resize", build_resize},
    Entry{"Round", build_function},
    Entry{"Sigmoid", build_function},
    Entry{"Slice", build_slice},
    Entry{"Softmax", build_softmax},
    Entry{"Softplus", build_function},
    Entry{"Split", build_split},
    Entry{"Sqrt", build_function},
    Entry{"Squeeze", build_squeeze},
    Entry{"Sub", build_arithmetic},
    Entry{"Tanh", build_function},
    Entry{"Tile", build_tile},
    Entry{"Transpose", build_transpose},
    Entry{"Unsqueeze", build_unsqueeze},
};

}  // namespace

BuildStep find_step(std::string_view op) {
  const auto* found = std::find_if(kCatalog.begin(), kCatalog.end(),
                                   [&](const auto& entry) { return entry.op == op; });
  return found == kCatalog.end() ? nullptr : found->build;
}

}  // namespace quern
