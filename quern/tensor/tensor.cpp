#include "quern/tensor/tensor.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

namespace quern {
namespace {

struct DTypeInfo {
  std::string_view name;
  std::size_t size;
};

// In the order of the enumerators.
constexpr std::array<DTypeInfo, 11> kDTypes = {{{"float32", 4},
                                                {"float64", 8},
                                                {"int8", 1},
                                                {"uint8", 1},
                                                {"int16", 2},
                                                {"uint16", 2},
                                                {"int32", 4},
                                                {"uint32", 4},
                                                {"int64", 8},
                                                {"uint64", 8},
                                                {"bool", 1}}};

const DTypeInfo& info(DType dtype) { return kDTypes.at(static_cast<std::size_t>(dtype)); }

template <class To, class From>
To number_as(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // The ends of To are powers of two up to the sign, so doubles.
    constexpr double kEnd = -static_cast<double>(std::numeric_limits<To>::min());
    const auto number = static_cast<double>(value);
    if (!(number >= -kEnd && number < kEnd)) {
      fail(ErrorCode::kParse, "a tensor holds {:g} where whole numbers belong", number);
    }
  }
  return static_cast<To>(value);
}

template <class To, class From>
std::vector<To> converted(const Tensor& tensor) {
  std::vector<To> values(static_cast<std::size_t>(tensor.size()));
  std::ranges::transform(tensor.data<From>(), values.begin(), number_as<To, From>);
  return values;
}

}  // namespace

std::size_t size_of(DType dtype) { return info(dtype).size; }

std::string_view name(DType dtype) { return info(dtype).name; }

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) {
      fail(ErrorCode::kParse, "a tensor cannot have the shape {}", to_string(shape));
    }
  }
  return count;
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Tensor::Tensor(DType dtype, Shape shape)
    : dtype_(dtype), shape_(std::move(shape)), size_(element_count(shape_)) {
  constexpr std::int64_t kMostElements = std::int64_t{1} << 40;
  if (size_ > kMostElements) {
    fail(ErrorCode::kParse, "a tensor cannot have the shape {}", to_string(shape_));
  }
  bytes_ =
      std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(size_) * size_of(dtype_));
}

std::span<const std::byte> Tensor::bytes() const {
  if (!bytes_) return {};
  return *bytes_;
}

std::span<std::byte> Tensor::mutable_bytes() {
  if (!bytes_) return {};
  if (bytes_.use_count() > 1) bytes_ = std::make_shared<std::vector<std::byte>>(*bytes_);
  return *bytes_;
}

Tensor Tensor::reshaped(Shape shape) const {
  require(element_count(shape) == size_, "a tensor of shape {} cannot become {}", to_string(shape_),
          to_string(shape));
  Tensor result = *this;
  result.shape_ = std::move(shape);
  return result;
}

bool Tensor::operator==(const Tensor& other) const {
  return dtype_ == other.dtype_ && shape_ == other.shape_ &&
         std::ranges::equal(bytes(), other.bytes());
}

void Tensor::check_type(DType wanted) const {
  ensure(dtype_ == wanted, "a {} tensor is read as {}", name(dtype_), name(wanted));
}

template <class T>
std::vector<T> to_vector(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat32:
      return converted<T, float>(tensor);
    case DType::kFloat64:
      return converted<T, double>(tensor);
    case DType::kInt8:
      return converted<T, std::int8_t>(tensor);
    case DType::kUint8:
      return converted<T, std::uint8_t>(tensor);
    case DType::kInt16:
      return converted<T, std::int16_t>(tensor);
    case DType::kUint16:
      return converted<T, std::uint16_t>(tensor);
    case DType::kInt32:
      return converted<T, std::int32_t>(tensor);
    case DType::kUint32:
      return converted<T, std::uint32_t>(tensor);
    case DType::kInt64:
      return converted<T, std::int64_t>(tensor);
    case DType::kUint64:
      return converted<T, std::uint64_t>(tensor);
    case DType::kBool:
      return converted<T, bool>(tensor);
  }
  fail(ErrorCode::kInternal, "a tensor has the dtype {}", static_cast<int>(tensor.dtype()));
}

template std::vector<float> to_vector<float>(const Tensor&);
template std::vector<double> to_vector<double>(const Tensor&);
template std::vector<std::int32_t> to_vector<std::int32_t>(const Tensor&);
template std::vector<std::int64_t> to_vector<std::int64_t>(const Tensor&);

}  // namespace quern
