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
    Entry{"Add", build_arithmetic},
    Entry{"AveragePool", build_average_pool},
    Entry{"Cast", build_cast},
    Entry{"Concat", build_concat},
    Entry{"Conv", build_conv},
    Entry{"ConvTranspose", build_conv_transpose},
    Entry{"Div", build_arithmetic},
    Entry{"Dropout", build_identity},
    Entry{"Elu", build_function},
    Entry{"Flatten", build_flatten},
    Entry{"Gemm", build_gemm},
    Entry{"GlobalAveragePool", build_global_pool},
    Entry{"GlobalMaxPool", build_global_pool},
    Entry{"HardSigmoid", build_function},
    Entry{"HardSwish", build_function},
    Entry{"Identity", build_identity},
    Entry{"LeakyRelu", build_function},
    Entry{"MatMul", build_matmul},
    Entry{"MaxPool", build_max_pool},
    Entry{"Mul", build_arithmetic},
    Entry{"PRelu", build_prelu},
    Entry{"Pad", build_pad},
    Entry{"Quant", build_quant},
    Entry{"ReduceMean", build_reduce_mean},
    Entry{"Reshape", build_reshape},
    Entry{"Resize", build_resize},
    Entry{"Sigmoid", build_function},
    Entry{"Slice", build_slice},
    Entry{"Softmax", build_softmax},
    Entry{"Split", build_split},
    Entry{"Squeeze", build_squeeze},
    Entry{"Sub", build_arithmetic},
    Entry{"Tanh", build_function},
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
