#include "quern/ops/evaluate_node.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "quern/ops/dims.h"
#include "quern/ops/elementwise.h"

namespace quern {
namespace {

constexpr std::int64_t kMostMade = 4096;

using Inputs = std::vector<Tensor>;
using Result = std::optional<Tensor>;

DType output_type(const NodeView& node) { return node.graph().value(node.node().outputs[0]).dtype; }

/// The shape that a vector names, if it is one of few elements.
std::optional<Shape> small_shape(const Tensor& tensor) {
  if (tensor.rank() != 1 || tensor.size() > kMostMade) return std::nullopt;
  const Shape shape = to_vector<std::int64_t>(tensor);
  for (const std::int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
  }
  const bool is_small = least_element_count(fixed_dims(shape)) <= kMostMade;
  return is_small ? std::optional(shape) : std::nullopt;
}

/// `one`, or its one element, in every place of `shape`.
Result filled(const Tensor& one, const Shape& shape) {
  // The sum with zeros is the element itself, broadcast.
  return elementwise("Add", {Tensor(one.dtype(), shape), one}, one.dtype());
}

Result constant_of_shape(const NodeView& node, const Inputs& inputs) {
  const auto shape = small_shape(inputs[0]);
  const Tensor* value = node.find_attribute<Tensor>("value");
  if (!shape) return std::nullopt;
  if (value == nullptr) return Tensor(DType::kFloat32, *shape);
  return value->size() == 1 ? filled(value->reshaped({}), *shape) : std::nullopt;
}

Result expand(const NodeView&, const Inputs& inputs) {
  const auto shape = small_shape(inputs[1]);
  return shape ? filled(inputs[0], *shape) : std::nullopt;
}

Result range(const NodeView& node, const Inputs& inputs) {
  std::vector<double> bounds;
  for (const Tensor& input : inputs) {
    if (input.size() != 1) return std::nullopt;
    bounds.push_back(to_vector<double>(input)[0]);
  }
  const double count = std::ceil((bounds[1] - bounds[0]) / bounds[2]);
  if (!(count <= kMostMade)) return std::nullopt;
  std::vector<double> values;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(std::max(count, 0.0)); ++i) {
    values.push_back(bounds[0] + static_cast<double>(i) * bounds[2]);
  }
  return elementwise("Cast", {Tensor::of<double>({std::ssize(values)}, values)}, output_type(node));
}

/// Of all elements of a vector, pairwise.
Result reduce(const NodeView& node, const Inputs& inputs) {
  const std::string_view combine = node.op() == "ReduceProd"  ? "Mul"
                                   : node.op() == "ReduceMax" ? "Max"
                                                              : "Min";
  const Tensor& vector = inputs[0];
  if (vector.rank() != 1 || vector.size() == 0 || vector.size() > kMostMade) return std::nullopt;
  const auto width = static_cast<std::ptrdiff_t>(size_of(vector.dtype()));
  const auto element = [&](std::int64_t index) {
    Tensor one(vector.dtype(), {});
    std::copy_n(vector.bytes().begin() + index * width, width, one.mutable_bytes().begin());
    return one;
  };
  Result result = element(0);
  for (std::int64_t i = 1; result && i < vector.size(); ++i) {
    result = elementwise(combine, {*result, element(i)}, vector.dtype());
  }
  const bool keeps_axes = node.attribute<std::int64_t>("keepdims") != 0;
  return result && keeps_axes ? result->reshaped({1}) : result;
}

}  // namespace

std::optional<Tensor> evaluate_node(const NodeView& node, const std::vector<Tensor>& inputs) {
  using Rule = Result (*)(const NodeView&, const Inputs&);
  static const std::map<std::string_view, Rule> kRules = {
      {"ConstantOfShape", constant_of_shape},
      {"Expand", expand},
      {"Range", range},
      {"ReduceMax", reduce},
      {"ReduceMin", reduce},
      {"ReduceProd", reduce},
  };
  const auto rule = kRules.find(node.op());
  if (rule != kRules.end()) return rule->second(node, inputs);
  return elementwise(node.op(), inputs, output_type(node));
}

}  // namespace quern
