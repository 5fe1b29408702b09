#include "quern/ops/elementwise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "quern/ops/dims.h"

namespace quern {
namespace {

/// As many as layers have channels. Results stay beside their inputs, so a long chain must not make
/// much of a small file.
constexpr std::int64_t kMostElements = 4096;

bool is_float(DType dtype) { return dtype == DType::kFloat32 || dtype == DType::kFloat64; }

using RealFunction = double (*)(double, double);
using IntegerFunction = std::optional<std::int64_t> (*)(std::int64_t, std::int64_t);
using Integer = std::optional<std::int64_t>;

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

Integer add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? Integer() : sum;
}
Integer subtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  return __builtin_sub_overflow(a, b, &difference) ? Integer() : difference;
}
Integer multiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? Integer() : product;
}
Integer divide(std::int64_t a, std::int64_t b) {
  return b == 0 || (b == -1 && a == kLowest) ? Integer() : a / b;
}
/// The remainder has the sign of the divisor, as ONNX's Mod of integers.
Integer modulo(std::int64_t a, std::int64_t b) {
  if (b == 0 || b == -1) return b == 0 ? Integer() : 0;
  const std::int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
Integer negate(std::int64_t a, std::int64_t) { return subtract(0, a); }
Integer absolute(std::int64_t a, std::int64_t) { return a < 0 ? subtract(0, a) : a; }

/// Functions of one number ignore the second. Null: not for such numbers.
struct Function {
  RealFunction real;
  IntegerFunction integer;
};

const std::map<std::string_view, Function>& arithmetic() {
  static const std::map<std::string_view, Function> kTable = {
      {"Abs", {[](double a, double) { return std::abs(a); }, absolute}},
      {"Add", {[](double a, double b) { return a + b; }, add}},
      {"Ceil", {[](double a, double) { return std::ceil(a); }, nullptr}},
      {"Div", {[](double a, double b) { return a / b; }, divide}},
      {"Erf", {[](double a, double) { return std::erf(a); }, nullptr}},
      {"Exp", {[](double a, double) { return std::exp(a); }, nullptr}},
      {"Floor", {[](double a, double) { return std::floor(a); }, nullptr}},
      {"Log", {[](double a, double) { return std::log(a); }, nullptr}},
      {"Max",
       {[](double a, double b) { return std::max(a, b); },
        [](std::int64_t a, std::int64_t b) { return Integer(std::max(a, b)); }}},
      {"Min",
       {[](double a, double b) { return std::min(a, b); },
        [](std::int64_t a, std::int64_t b) { return Integer(std::min(a, b)); }}},
      {"Mod", {nullptr, modulo}},
      {"Mul", {[](double a, double b) { return a * b; }, multiply}},
      {"Neg", {[](double a, double) { return -a; }, negate}},
      {"Pow", {[](double a, double b) { return std::pow(a, b); }, nullptr}},
      {"Reciprocal", {[](double a, double) { return 1 / a; }, nullptr}},
      {"Round", {[](double a, double) { return std::nearbyint(a); }, nullptr}},
      {"Sqrt", {[](double a, double) { return std::sqrt(a); }, nullptr}},
      {"Sub", {[](double a, double b) { return a - b; }, subtract}},
  };
  return kTable;
}

using Comparison = bool (*)(double, double);

/// Of numbers, and of truths as 0 and 1.
const std::map<std::string_view, Comparison>& comparisons() {
  static const std::map<std::string_view, Comparison> kTable = {
      {"And", [](double a, double b) { return a != 0 && b != 0; }},
      {"Equal", [](double a, double b) { return a == b; }},
      {"Greater", [](double a, double b) { return a > b; }},
      {"GreaterOrEqual", [](double a, double b) { return a >= b; }},
      {"Less", [](double a, double b) { return a < b; }},
      {"LessOrEqual", [](double a, double b) { return a <= b; }},
      {"Not", [](double a, double) { return a == 0; }},
      {"Or", [](double a, double b) { return a != 0 || b != 0; }},
  };
  return kTable;
}

/// The shape that `inputs` broadcast to; none if they do not or if it is too large.
std::optional<Shape> common_shape(const std::vector<Tensor>& inputs) {
  Dims dims = fixed_dims(inputs[0].shape());
  for (const Tensor& input : inputs) {
    const auto both = broadcast(dims, fixed_dims(input.shape()));
    if (!both) return std::nullopt;
    dims = *both;
  }
  if (least_element_count(dims) > kMostElements) return std::nullopt;
  Shape shape;
  for (const Dim& dim : dims) shape.push_back(dim.size);
  return shape;
}

/// The position, in a tensor of `shape`, of each element of `target` that it is broadcast to.
std::vector<std::size_t> positions(const Shape& shape, const Shape& target) {
  std::vector<std::size_t> result(1, 0);
  const std::size_t leading = target.size() - shape.size();
  for (std::size_t axis = 0; axis < target.size(); ++axis) {
    const std::int64_t extent = axis < leading ? 1 : shape[axis - leading];
    std::vector<std::size_t> next;
    next.reserve(result.size() * static_cast<std::size_t>(target[axis]));
    for (const std::size_t start : result) {
      for (std::int64_t i = 0; i < target[axis]; ++i) {
        next.push_back(start * static_cast<std::size_t>(extent) +
                       static_cast<std::size_t>(extent == 1 ? 0 : i));
      }
    }
    result = std::move(next);
  }
  return result;
}

template <class T>
std::vector<T> spread(const Tensor& tensor, const Shape& target) {
  const std::vector<T> values = to_vector<T>(tensor);
  if (tensor.shape() == target) return values;
  std::vector<T> result;
  for (const std::size_t position : positions(tensor.shape(), target)) {
    result.push_back(values[position]);
  }
  return result;
}

std::optional<Tensor> from_reals(const std::vector<double>& values, const Shape& shape,
                                 DType dtype) {
  const double most = dtype == DType::kFloat32 ? std::numeric_limits<float>::max()
                                               : std::numeric_limits<double>::max();
  const auto is_finite = [&](double value) { return std::abs(value) <= most; };
  if (!std::ranges::all_of(values, is_finite)) return std::nullopt;
  if (dtype == DType::kFloat64) return Tensor::of<double>(shape, values);
  return Tensor::of<float>(shape, std::vector<float>(values.begin(), values.end()));
}

template <class T>
std::optional<Tensor> narrowed(const std::vector<std::int64_t>& values, const Shape& shape) {
  Tensor tensor(DTypeOf<T>::value, shape);
  const auto elements = tensor.template mutable_data<T>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    elements[i] = static_cast<T>(values[i]);
    if (static_cast<std::int64_t>(elements[i]) != values[i]) return std::nullopt;
  }
  return tensor;
}

std::optional<Tensor> from_integers(const std::vector<std::int64_t>& values, const Shape& shape,
                                    DType dtype) {
  switch (dtype) {
    case DType::kInt64:
      return Tensor::of<std::int64_t>(shape, values);
    case DType::kInt32:
      return narrowed<std::int32_t>(values, shape);
    case DType::kBool:
      return narrowed<bool>(values, shape);
    default:
      return std::nullopt;
  }
}

std::optional<Tensor> combined(const Function& function, const std::vector<Tensor>& inputs,
                               const Shape& shape, DType result) {
  if (is_float(result)) {
    if (function.real == nullptr) return std::nullopt;
    std::vector<double> values = spread<double>(inputs[0], shape);
    // Of one number, or of all, pairwise from the left.
    for (std::size_t i = 1; i < std::max<std::size_t>(inputs.size(), 2); ++i) {
      const auto others = i < inputs.size() ? spread<double>(inputs[i], shape) : values;
      std::ranges::transform(values, others, values.begin(), function.real);
    }
    return from_reals(values, shape, result);
  }
  if (function.integer == nullptr) return std::nullopt;
  std::vector<std::int64_t> values = spread<std::int64_t>(inputs[0], shape);
  for (std::size_t i = 1; i < std::max<std::size_t>(inputs.size(), 2); ++i) {
    const auto others = i < inputs.size() ? spread<std::int64_t>(inputs[i], shape) : values;
    for (std::size_t k = 0; k < values.size(); ++k) {
      const Integer value = function.integer(values[k], others[k]);
      if (!value) return std::nullopt;
      values[k] = *value;
    }
  }
  return from_integers(values, shape, result);
}

std::optional<Tensor> compared(Comparison comparison, const std::vector<Tensor>& inputs,
                               const Shape& shape) {
  const std::vector<double> a = spread<double>(inputs[0], shape);
  const std::vector<double> b = inputs.size() > 1 ? spread<double>(inputs[1], shape) : a;
  std::vector<std::int64_t> truths;
  for (std::size_t i = 0; i < a.size(); ++i) truths.push_back(comparison(a[i], b[i]) ? 1 : 0);
  return from_integers(truths, shape, DType::kBool);
}

template <class T>
std::vector<T> chosen(const std::vector<Tensor>& inputs, const Shape& shape) {
  const auto choices = spread<std::int32_t>(inputs[0], shape);
  std::vector<T> values = spread<T>(inputs[1], shape);
  const std::vector<T> others = spread<T>(inputs[2], shape);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (choices[i] == 0) values[i] = others[i];
  }
  return values;
}

std::optional<Tensor> cast(const Tensor& source, DType to) {
  if (source.dtype() == to) return source;
  if (is_float(to)) return from_reals(to_vector<double>(source), source.shape(), to);
  if (!is_float(source.dtype())) {
    return from_integers(to_vector<std::int64_t>(source), source.shape(), to);
  }
  std::vector<std::int64_t> values;
  for (const double value : to_vector<double>(source)) {
    if (!(std::abs(value) < 0x1p62)) return std::nullopt;
    values.push_back(to == DType::kBool ? (value != 0 ? 1 : 0) : static_cast<std::int64_t>(value));
  }
  return from_integers(values, source.shape(), to);
}

}  // namespace

std::optional<Tensor> elementwise(std::string_view op, const std::vector<Tensor>& inputs,
                                  DType result) {
  if (inputs.empty()) return std::nullopt;
  if (op == "Cast") {
    return inputs[0].size() <= kMostElements ? cast(inputs[0], result) : std::nullopt;
  }
  const auto function = arithmetic().find(op);
  const auto comparison = comparisons().find(op);
  const bool is_where = op == "Where" && inputs.size() == 3;
  if (function == arithmetic().end() && comparison == comparisons().end() && !is_where) {
    return std::nullopt;
  }
  const std::optional<Shape> shape = common_shape(inputs);
  if (!shape) return std::nullopt;
  if (is_where) {
    if (is_float(result)) return from_reals(chosen<double>(inputs, *shape), *shape, result);
    return from_integers(chosen<std::int64_t>(inputs, *shape), *shape, result);
  }
  if (comparison != comparisons().end()) return compared(comparison->second, inputs, *shape);
  return combined(function->second, inputs, *shape, result);
}

}  // namespace quern
