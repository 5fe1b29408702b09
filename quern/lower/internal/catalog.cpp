#include "quern/lower/internal/catalog.h"

#include <algorithm>
#include <array>

namespace quern::internal {
namespace {

struct Entry {
  std::string_view op;
  LowerOp lower;
};

constexpr std::array kCatalog = {
    Entry{"Add", lower_add},
    Entry{"ArgMax", lower_readout},
    Entry{"AveragePool", lower_average_pool},
    Entry{"BatchNormalization", lower_batch_normalization},
    Entry{"Clip", lower_clip},
    Entry{"Concat", lower_concat},
    Entry{"Conv", lower_conv},
    Entry{"Div", lower_affine},
    Entry{"Dropout", lower_reshape},
    Entry{"Elu", lower_function},
    Entry{"Flatten", lower_reshape},
    Entry{"Gemm", lower_gemm},
    Entry{"GlobalAveragePool", lower_global_pool},
    Entry{"GlobalMaxPool", lower_global_pool},
    Entry{"HardSigmoid", lower_function},
    Entry{"HardSwish", lower_function},
    Entry{"Identity", lower_reshape},
    Entry{"LeakyRelu", lower_function},
    Entry{"LogSoftmax", lower_readout},
    Entry{"MatMul", lower_matmul},
    Entry{"MaxPool", lower_max_pool},
    Entry{"Mul", lower_affine},
    Entry{"Pad", lower_pad},
    Entry{"Quant", lower_quant},
    Entry{"Relu", lower_clip},
    Entry{"Reshape", lower_reshape},
    Entry{"Resize", lower_resize},
    Entry{"Sigmoid", lower_function},
    Entry{"Softmax", lower_readout},
    Entry{"Squeeze", lower_reshape},
    Entry{"Sub", lower_add},
    Entry{"Tanh", lower_function},
    Entry{"Transpose", lower_transpose},
    Entry{"Unsqueeze", lower_reshape},
};

}  // namespace

LowerOp find_lowering(std::string_view op) {
  const auto* found = std::ranges::find(kCatalog, op, &Entry::op);
  return found == kCatalog.end() ? nullptr : found->lower;
}

std::string lowerable_ops() {
  std::string names;
  for (const Entry& entry : kCatalog) {
    if (!names.empty()) names += ", ";
    names += entry.op;
  }
  return names;
}

}  // namespace quern::internal
