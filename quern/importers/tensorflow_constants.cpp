#include "quern/importers/tensorflow_constants.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace quern::tensorflow {
namespace {

using Unary = float (*)(float);
using Binary = float (*)(float, float);

const std::map<std::string_view, Unary>& unaries() {
  static const std::map<std::string_view, Unary> table = {
      {"Inv", [](float x) { return 1.0F / x; }},
      {"Neg", [](float x) { return -x; }},
      {"Reciprocal", [](float x) { return 1.0F / x; }},
      {"Rsqrt", [](float x) { return 1.0F / std::sqrt(x); }},
      {"Sqrt", [](float x) { return std::sqrt(x); }},
      {"Square", [](float x) { return x * x; }},
  };
  return table;
}

const std::map<std::string_view, Binary>& binaries() {
  static const std::map<std::string_view, Binary> table = {
      {"Add", [](float a, float b) { return a + b; }},
      {"AddV2", [](float a, float b) { return a + b; }},
      {"Div", [](float a, float b) { return a / b; }},
      {"Maximum", [](float a, float b) { return std::max(a, b); }},
      {"Minimum", [](float a, float b) { return std::min(a, b); }},
      {"Mul", [](float a, float b) { return a * b; }},
      {"RealDiv", [](float a, float b) { return a / b; }},
      {"Sub", [](float a, float b) { return a - b; }},
  };
  return table;
}

/// For every element of `shape` the position of the element of a tensor of shape `small` that
/// broadcasts to it; none where it does not.
std::optional<std::vector<std::size_t>> broadcast(const Shape& small, const Shape& shape) {
  if (small.size() > shape.size()) return std::nullopt;
  std::vector<std::size_t> strides(shape.size(), 0);
  std::size_t stride = 1;
  for (std::size_t i = 0; i < small.size(); ++i) {
    const std::int64_t extent = small[small.size() - 1 - i];
    const std::size_t axis = shape.size() - 1 - i;
    if (extent != shape[axis] && extent != 1) return std::nullopt;
    if (extent != 1) strides[axis] = stride;
    stride *= static_cast<std::size_t>(extent);
  }
  std::vector<std::size_t> positions(static_cast<std::size_t>(element_count(shape)));
  Shape index(shape.size(), 0);
  std::size_t position = 0;
  for (std::size_t& found : positions) {
    found = position;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      position += strides[axis];
      if (++index[axis] < shape[axis]) break;
      position -= strides[axis] * static_cast<std::size_t>(shape[axis]);
      index[axis] = 0;
    }
  }
  return positions;
}

std::optional<Tensor> combined(Binary compute, const Tensor& a, const Tensor& b) {
  const bool b_is_larger = std::pair(b.size(), b.rank()) > std::pair(a.size(), a.rank());
  const Shape& shape = b_is_larger ? b.shape() : a.shape();
  const auto from_a = broadcast(a.shape(), shape);
  const auto from_b = broadcast(b.shape(), shape);
  if (!from_a || !from_b) return std::nullopt;
  Tensor result(DType::kFloat32, shape);
  const auto out = result.mutable_data<float>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = compute(a.data<float>()[(*from_a)[i]], b.data<float>()[(*from_b)[i]]);
  }
  return result;
}

}  // namespace

std::optional<Tensor> fold_constants(std::string_view op,
                                     const std::vector<const Tensor*>& operands) {
  for (const Tensor* operand : operands) {
    if (operand == nullptr || operand->dtype() != DType::kFloat32) return std::nullopt;
  }
  if (const auto unary = unaries().find(op); unary != unaries().end() && operands.size() == 1) {
    Tensor result = *operands[0];
    for (float& element : result.mutable_data<float>()) element = unary->second(element);
    return result;
  }
  if (const auto binary = binaries().find(op); binary != binaries().end() && operands.size() == 2) {
    return combined(binary->second, *operands[0], *operands[1]);
  }
  return std::nullopt;
}

}  // namespace quern::tensorflow
