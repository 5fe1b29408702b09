#include "quern/importers/tflite/tensors.h"

#include <algorithm>
#include <cstring>

#include "quern/base/error.h"
#include "quern/tensor/float16.h"
#include "tflite_generated.h"

namespace quern {
namespace {

using tflite::TensorType;

Shape fixed_shape(const TfliteTensor& tensor) {
  Shape shape;
  for (const Dim& dim : tensor.dims) {
    if (!dim.is_fixed()) {
      fail(ErrorCode::kParse, "it is a constant with a free extent: {}", to_string(tensor.dims));
    }
    shape.push_back(dim.size);
  }
  return shape;
}

/// @throws Error(kParse) unless the file holds as many bytes as `count` elements need.
void check_bytes(const TfliteTensor& tensor, const Shape& shape, std::int64_t count, int bits) {
  // Whole bytes for an odd number of 4-bit codes.
  const auto present = static_cast<std::int64_t>(tensor.data.size());
  const bool fits = bits < 8 ? present == count / 2 + count % 2
                             : present % (bits / 8) == 0 && present / (bits / 8) == count;
  if (fits) return;
  fail(ErrorCode::kParse, "it holds {} bytes, which are not the {} elements of its shape {}",
       present, tflite_name(tensor.type), to_string(shape));
}

/// The elements as they lie in the file.
template <class T>
Tensor stored(const TfliteTensor& tensor, const Shape& shape) {
  Tensor result(DTypeOf<T>::value, shape);
  if (!tensor.data.empty()) {
    std::memcpy(result.mutable_bytes().data(), tensor.data.data(), tensor.data.size());
  }
  return result;
}

/// Two codes a byte, the low half first.
Tensor unpacked(const TfliteTensor& tensor, const Shape& shape) {
  Tensor result(DType::kInt8, shape);
  const auto codes = result.mutable_data<std::int8_t>();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const int half = (tensor.data[i / 2] >> (i % 2 * 4)) & 15;
    codes[i] = static_cast<std::int8_t>(half >= 8 ? half - 16 : half);
  }
  return result;
}

Tensor widened(const TfliteTensor& tensor, const Shape& shape) {
  const Tensor halves = stored<std::uint16_t>(tensor, shape);
  Tensor result(DType::kFloat32, shape);
  std::ranges::transform(halves.data<std::uint16_t>(), result.mutable_data<float>().begin(),
                         widen_float16);
  return result;
}

Tensor widened_integers(const TfliteTensor& tensor, const Shape& shape) {
  return Tensor::of<std::int64_t>(shape,
                                  to_vector<std::int64_t>(stored<std::int32_t>(tensor, shape)));
}

/// Bits of one element in the file; 0 for a type that is not read.
int stored_bits(TensorType type) {
  switch (type) {
    case TensorType::INT4:
      return 4;
    case TensorType::INT8:
    case TensorType::UINT8:
      return 8;
    case TensorType::FLOAT16:
    case TensorType::INT16:
      return 16;
    case TensorType::FLOAT32:
    case TensorType::INT32:
      return 32;
    case TensorType::INT64:
      return 64;
    default:
      return 0;
  }
}

Tensor elements(const TfliteTensor& tensor, const Shape& shape) {
  switch (tensor.type) {
    case TensorType::FLOAT32:
      return stored<float>(tensor, shape);
    case TensorType::FLOAT16:
      return widened(tensor, shape);
    case TensorType::INT4:
      return unpacked(tensor, shape);
    case TensorType::INT8:
      return stored<std::int8_t>(tensor, shape);
    case TensorType::INT16:
      return stored<std::int16_t>(tensor, shape);
    case TensorType::INT32:
      return tensor.grid ? stored<std::int32_t>(tensor, shape) : widened_integers(tensor, shape);
    case TensorType::INT64:
      return stored<std::int64_t>(tensor, shape);
    default:
      return stored<std::uint8_t>(tensor, shape);
  }
}

template <class T>
Tensor real_values(const Tensor& codes, const TfliteGrid& grid) {
  const auto channels = static_cast<std::int64_t>(grid.scale.size());
  std::int64_t inner = codes.size();
  if (channels > 1) {
    const auto behind = codes.shape().begin() + static_cast<std::ptrdiff_t>(grid.axis) + 1;
    inner = element_count({behind, codes.shape().end()});
  }
  const auto from = codes.data<T>();
  Tensor result(DType::kFloat32, codes.shape());
  const auto to = result.mutable_data<float>();
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto c = static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % channels);
    // In double the product is exact for codes of up to 29 bits, so it is rounded once.
    to[i] = static_cast<float>((static_cast<double>(from[i]) - grid.zero_point[c]) * grid.scale[c]);
  }
  return result;
}

}  // namespace

std::optional<QuantSpec> code_spec(TensorType type) {
  switch (type) {
    case TensorType::INT4:
      return QuantSpec{.bits = 4};
    case TensorType::INT8:
      return QuantSpec{.bits = 8};
    case TensorType::UINT8:
      return QuantSpec{.bits = 8, .is_signed = false};
    case TensorType::INT16:
      return QuantSpec{.bits = 16};
    default:
      return std::nullopt;
  }
}

Tensor read_elements(const TfliteTensor& tensor, DecodingBudget& budget) {
  return with_context(fmt::format("tensor '{}'", tensor.name), [&] {
    const int bits = stored_bits(tensor.type);
    if (bits == 0) {
      fail(ErrorCode::kUnsupported,
           "its element type {} is not read (supported: FLOAT32, FLOAT16, INT4, INT8, "
           "UINT8, INT16, INT32, INT64)",
           tflite_name(tensor.type));
    }
    const Shape shape = fixed_shape(tensor);
    const std::int64_t count = element_count(shape);
    check_bytes(tensor, shape, count, bits);
    budget.spend(static_cast<std::size_t>(count), sizeof(float));
    return elements(tensor, shape);
  });
}

Tensor dequantized(const Tensor& codes, const TfliteGrid& grid) {
  switch (codes.dtype()) {
    case DType::kInt8:
      return real_values<std::int8_t>(codes, grid);
    case DType::kUint8:
      return real_values<std::uint8_t>(codes, grid);
    case DType::kInt16:
      return real_values<std::int16_t>(codes, grid);
    case DType::kInt32:
      return real_values<std::int32_t>(codes, grid);
    case DType::kInt64:
      return real_values<std::int64_t>(codes, grid);
    default:
      fail(ErrorCode::kInternal, "{} are no codes", name(codes.dtype()));
  }
}

}  // namespace quern
