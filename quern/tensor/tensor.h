#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "quern/base/error.h"

namespace quern {

/// Element types that a graph, a file or a runtime can hold.
enum class DType : std::uint8_t {
  kFloat32,
  kFloat64,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kBool,
};

/// Bytes of one element.
std::size_t size_of(DType dtype);

/// "float32", "int8", …
std::string_view name(DType dtype);

/// The DType of a C++ element type; defined for every enumerator above.
template <class T>
struct DTypeOf;

/// Extents, outermost first; empty for a scalar.
using Shape = std::vector<std::int64_t>;

/// Product of the extents; 1 for a scalar.
/// @throws Error(kParse) if an extent is negative or the product leaves int64.
std::int64_t element_count(const Shape& shape);

/// "[2, 3]"
std::string to_string(const Shape& shape);

/// A dense row-major array. Copies share their bytes until one of them is written to, so a copy of
/// a graph costs nothing and can never overwrite the original.
class Tensor {
 public:
  /// A float32 tensor of shape [0].
  Tensor() = default;

  /// Zero-filled. @throws Error(kParse) for an impossible shape.
  Tensor(DType dtype, Shape shape);

  /// Takes values in row-major order. @throws Error(kInvalidArgument) if their number is not the
  /// shape's element count.
  template <class T>
  static Tensor of(Shape shape, std::span<const T> values);
  template <class T>
  static Tensor of(Shape shape, const std::vector<T>& values) {
    return of<T>(std::move(shape), std::span<const T>(values));
  }

  /// A scalar (shape []).
  template <class T>
  static Tensor scalar(T value) {
    return of<T>({}, std::span<const T>(&value, 1));
  }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t size() const { return size_; }
  std::size_t rank() const { return shape_.size(); }

  std::span<const std::byte> bytes() const;
  /// Writable bytes, no longer shared with any copy.
  std::span<std::byte> mutable_bytes();

  /// The elements. @throws Error(kInternal) if T is not the dtype.
  template <class T>
  std::span<const T> data() const;
  /// Writable elements, no longer shared with any copy.
  template <class T>
  std::span<T> mutable_data();

  /// The same bytes under another shape. @throws Error(kInvalidArgument) if the counts differ.
  Tensor reshaped(Shape shape) const;

  /// Equal dtype, shape and bytes (so NaN equals itself and -0 differs from 0).
  bool operator==(const Tensor& other) const;

 private:
  void check_type(DType wanted) const;

  DType dtype_ = DType::kFloat32;
  Shape shape_ = {0};
  std::int64_t size_ = 0;
  std::shared_ptr<std::vector<std::byte>> bytes_;
};

/// Every element converted to T (static_cast, row-major), for T = float, double, int32 and int64.
/// Reads any dtype. @throws Error(kParse) for a float that an integer T can not hold.
template <class T>
std::vector<T> to_vector(const Tensor& tensor);

template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::kFloat32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::kFloat64;
};
template <>
struct DTypeOf<std::int8_t> {
  static constexpr DType value = DType::kInt8;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::kUint8;
};
template <>
struct DTypeOf<std::int16_t> {
  static constexpr DType value = DType::kInt16;
};
template <>
struct DTypeOf<std::uint16_t> {
  static constexpr DType value = DType::kUint16;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType value = DType::kInt32;
};
template <>
struct DTypeOf<std::uint32_t> {
  static constexpr DType value = DType::kUint32;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::kInt64;
};
template <>
struct DTypeOf<std::uint64_t> {
  static constexpr DType value = DType::kUint64;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::kBool;
};

template <class T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  Tensor tensor(DTypeOf<T>::value, std::move(shape));
  require(static_cast<std::int64_t>(values.size()) == tensor.size(),
          "a tensor of shape {} needs {} values, got {}", to_string(tensor.shape()), tensor.size(),
          values.size());
  std::copy(values.begin(), values.end(), tensor.mutable_data<T>().begin());
  return tensor;
}

template <class T>
std::span<const T> Tensor::data() const {
  check_type(DTypeOf<T>::value);
  return {reinterpret_cast<const T*>(bytes().data()), static_cast<std::size_t>(size_)};
}

template <class T>
std::span<T> Tensor::mutable_data() {
  check_type(DTypeOf<T>::value);
  return {reinterpret_cast<T*>(mutable_bytes().data()), static_cast<std::size_t>(size_)};
}

}  // namespace quern
