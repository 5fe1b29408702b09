#include "quern/lower/internal/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "quern/base/nearest.h"

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
    Entry{"Gelu", lower_function},
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
    Entry{"Mish", lower_function},
    Entry{"Mul", lower_affine},
    Entry{"Pad", lower_pad},
    Entry{"Quant", lower_quant},
    Entry{"Relu", lower_clip},
    Entry{"Reshape", lower_reshape},
    Entry{"Resize", lower_resize},
    Entry{"Sigmoid", lower_function},
    Entry{"Softmax", lower_readout},
    Entry{"Softplus", lower_function},
    Entry{"Squeeze", lower_reshape},
    Entry{"Sub", lower_add},
    Entry{"Tanh", lower_function},
    Entry{"Transpose", lower_transpose},
    Entry{"Unsqueeze", lower_reshape},
};

/// Of an op that a network may have and that has no integer form: what a user could put in its
/// place. Empty where nothing computes the same.
struct Substitute {
  std::string_view op;
  std::string_view nearest;
};

constexpr std::string_view kSign = "a Quant of 1 bit, which compares with 0,";
constexpr std::string_view kRounding = "a Quant, which rounds,";
constexpr std::string_view kPart = "a Conv of kernel 1 that picks the channels";
constexpr std::string_view kNothing;

constexpr std::array kSubstitutes = {
    Substitute{"Abs", "an Add of the Relus of x and of a Mul by −1"},
    Substitute{"And", kNothing},
    Substitute{"Cast", "an Identity"},
    Substitute{"Ceil", kRounding},
    Substitute{"ConvTranspose", "a Resize of mode 'nearest' with a Conv behind it"},
    Substitute{"Equal", kNothing},
    Substitute{"Erf", "a Gelu, if this is part of one,"},
    Substitute{"Exp", kNothing},
    Substitute{"Expand", "a Resize of mode 'nearest'"},
    Substitute{"Floor", kRounding},
    Substitute{"Gather", kPart},
    Substitute{"Greater", kSign},
    Substitute{"GreaterOrEqual", kSign},
    Substitute{"Less", kSign},
    Substitute{"LessOrEqual", kSign},
    Substitute{"Log", kNothing},
    Substitute{"Max", "a Clip with a constant bound"},
    Substitute{"Min", "a Clip with a constant bound"},
    Substitute{"Mod", kNothing},
    Substitute{"Neg", "a Mul by a constant −1"},
    Substitute{"Not", kNothing},
    Substitute{"Or", kNothing},
    Substitute{"PRelu", "a LeakyRelu"},
    Substitute{"Pow", kNothing},
    Substitute{"Reciprocal", kNothing},
    Substitute{"ReduceMax", "a GlobalMaxPool"},
    Substitute{"ReduceMean", "a GlobalAveragePool"},
    Substitute{"ReduceMin", "a GlobalMaxPool between two Muls by −1"},
    Substitute{"ReduceProd", kNothing},
    Substitute{"Round", kRounding},
    Substitute{"Shape", "a Reshape to constant dimensions"},
    Substitute{"Size", "a Reshape to constant dimensions"},
    Substitute{"Slice", kPart},
    Substitute{"Split", kPart},
    Substitute{"Sqrt", "a BatchNormalization, if this is part of a normalization,"},
    Substitute{"Tile", "a Concat of the input with itself"},
    Substitute{"Where", kNothing},
};

}  // namespace

LowerOp find_lowering(std::string_view op) {
  const auto* found = std::ranges::find(kCatalog, op, &Entry::op);
  return found == kCatalog.end() ? nullptr : found->lower;
}

std::string alternative_to(std::string_view op) {
  const auto* found = std::ranges::find(kSubstitutes, op, &Substitute::op);
  if (found != kSubstitutes.end() && found->nearest == kNothing) {
    return "nothing that can be lowered takes its place: end the network in front of it, and "
           "compute it in the program that runs the network";
  }
  if (found != kSubstitutes.end()) return fmt::format("{} can be lowered", found->nearest);
  std::vector<std::string> names;
  for (const Entry& entry : kCatalog) names.emplace_back(entry.op);
  return fmt::format("the op {} can be lowered", nearest(op, names));
}

}  // namespace quern::internal
