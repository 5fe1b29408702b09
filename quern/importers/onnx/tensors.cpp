#include "quern/importers/onnx/tensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "onnx/onnx.pb.h"
#include "quern/tensor/float16.h"

namespace quern {
namespace {

/// One ONNX element type: what quern makes of it.
struct Encoding {
  std::int32_t data_type;
  DType dtype;
  std::size_t stored_size;        ///< Bytes of one element in raw data.
  float (*widen)(std::uint16_t);  ///< For the 16-bit floats; null for all others.
  int packed_bits = 0;            ///< For integers of which a byte holds several.
};

constexpr std::array<Encoding, 17> kEncodings = {
    {{onnx::TensorProto::FLOAT, DType::kFloat32, 4, nullptr},
     {onnx::TensorProto::DOUBLE, DType::kFloat64, 8, nullptr},
     {onnx::TensorProto::FLOAT16, DType::kFloat32, 2, widen_float16},
     {onnx::TensorProto::BFLOAT16, DType::kFloat32, 2, widen_bfloat16},
     {onnx::TensorProto::INT8, DType::kInt8, 1, nullptr},
     {onnx::TensorProto::UINT8, DType::kUint8, 1, nullptr},
     {onnx::TensorProto::INT16, DType::kInt16, 2, nullptr},
     {onnx::TensorProto::UINT16, DType::kUint16, 2, nullptr},
     {onnx::TensorProto::INT32, DType::kInt32, 4, nullptr},
     {onnx::TensorProto::UINT32, DType::kUint32, 4, nullptr},
     {onnx::TensorProto::INT64, DType::kInt64, 8, nullptr},
     {onnx::TensorProto::UINT64, DType::kUint64, 8, nullptr},
     {onnx::TensorProto::BOOL, DType::kBool, 1, nullptr},
     {onnx::TensorProto::INT4, DType::kInt8, 1, nullptr, 4},
     {onnx::TensorProto::UINT4, DType::kUint8, 1, nullptr, 4},
     {onnx::TensorProto::INT2, DType::kInt8, 1, nullptr, 2},
     {onnx::TensorProto::UINT2, DType::kUint8, 1, nullptr, 2}}};

const Encoding& encoding(std::int32_t data_type) {
  const auto found = std::ranges::find(kEncodings, data_type, &Encoding::data_type);
  if (found == kEncodings.end()) {
    const std::string type =
        onnx::TensorProto::DataType_IsValid(data_type)
            ? onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(data_type))
            : std::to_string(data_type);
    fail(ErrorCode::kUnsupported,
         "the element type {} is not read (supported: float, double, float16, bfloat16, bool and "
         "integers of 2 to 64 bits)",
         type);
  }
  return *found;
}

/// @throws Error(kParse) unless `present` elements are what `shape` needs.
void check_count(const Shape& shape, std::size_t present) {
  if (static_cast<std::uint64_t>(element_count(shape)) != present) {
    fail(ErrorCode::kParse, "it has shape {} but holds {} elements", to_string(shape), present);
  }
}

Tensor widened(const Encoding& encoding, Shape shape, std::span<const std::uint16_t> stored) {
  Tensor tensor(DType::kFloat32, std::move(shape));
  std::ranges::transform(stored, tensor.mutable_data<float>().begin(), encoding.widen);
  return tensor;
}

/// Any byte but 0 counts as true, so that no bool holds a third value.
void normalize_bools(Tensor& tensor) {
  for (std::byte& byte : tensor.mutable_bytes()) byte = std::byte{byte != std::byte{0}};
}

/// Elements of a few bits, the first in the lowest bits of a byte.
Tensor unpacked(const Encoding& encoding, const Shape& shape, std::string_view raw) {
  const int bits = encoding.packed_bits;
  const auto per_byte = static_cast<std::size_t>(8 / bits);
  const auto count = static_cast<std::size_t>(element_count(shape));
  if (raw.size() != count / per_byte + (count % per_byte != 0 ? 1 : 0)) {
    fail(ErrorCode::kParse, "it has shape {} of {}-bit elements but holds {} bytes",
         to_string(shape), bits, raw.size());
  }
  Tensor tensor(encoding.dtype, shape);
  const auto elements = tensor.mutable_bytes();
  for (std::size_t i = 0; i < count; ++i) {
    const int shift = static_cast<int>(i % per_byte) * bits;
    const int code = (static_cast<unsigned char>(raw[i / per_byte]) >> shift) & ((1 << bits) - 1);
    const bool is_negative = encoding.dtype == DType::kInt8 && code >= 1 << (bits - 1);
    elements[i] = static_cast<std::byte>(is_negative ? code - (1 << bits) : code);
  }
  return tensor;
}

Tensor from_raw(const Encoding& encoding, const Shape& shape, std::string_view raw) {
  if (encoding.packed_bits > 0) return unpacked(encoding, shape, raw);
  if (raw.size() % encoding.stored_size != 0) {
    fail(ErrorCode::kParse, "its {} bytes are not a whole number of {}-byte elements", raw.size(),
         encoding.stored_size);
  }
  check_count(shape, raw.size() / encoding.stored_size);
  if (encoding.widen != nullptr) {
    std::vector<std::uint16_t> stored(raw.size() / 2);
    if (!raw.empty()) std::memcpy(stored.data(), raw.data(), raw.size());
    return widened(encoding, shape, stored);
  }
  Tensor tensor(encoding.dtype, shape);
  if (!raw.empty()) std::memcpy(tensor.mutable_bytes().data(), raw.data(), raw.size());
  if (encoding.dtype == DType::kBool) normalize_bools(tensor);
  return tensor;
}

template <class To, class Field>
Tensor from_field(const Shape& shape, const Field& field) {
  check_count(shape, static_cast<std::size_t>(field.size()));
  Tensor tensor(DTypeOf<To>::value, shape);
  std::ranges::transform(field, tensor.mutable_data<To>().begin(),
                         [](auto value) { return static_cast<To>(value); });
  return tensor;
}

/// From the field that ONNX prescribes for the element type.
Tensor from_typed(const Encoding& encoding, const Shape& shape, const onnx::TensorProto& proto) {
  if (encoding.packed_bits > 0) {
    const std::string bytes(proto.int32_data().begin(), proto.int32_data().end());
    return unpacked(encoding, shape, bytes);
  }
  if (encoding.widen != nullptr) {
    check_count(shape, static_cast<std::size_t>(proto.int32_data_size()));
    const std::vector<std::uint16_t> stored(proto.int32_data().begin(), proto.int32_data().end());
    return widened(encoding, shape, stored);
  }
  switch (encoding.dtype) {
    case DType::kFloat32:
      return from_field<float>(shape, proto.float_data());
    case DType::kFloat64:
      return from_field<double>(shape, proto.double_data());
    case DType::kInt8:
      return from_field<std::int8_t>(shape, proto.int32_data());
    case DType::kUint8:
      return from_field<std::uint8_t>(shape, proto.int32_data());
    case DType::kInt16:
      return from_field<std::int16_t>(shape, proto.int32_data());
    case DType::kUint16:
      return from_field<std::uint16_t>(shape, proto.int32_data());
    case DType::kInt32:
      return from_field<std::int32_t>(shape, proto.int32_data());
    case DType::kUint32:
      return from_field<std::uint32_t>(shape, proto.uint64_data());
    case DType::kInt64:
      return from_field<std::int64_t>(shape, proto.int64_data());
    case DType::kUint64:
      return from_field<std::uint64_t>(shape, proto.uint64_data());
    case DType::kBool:
      return from_field<bool>(shape, proto.int32_data());
  }
  fail(ErrorCode::kInternal, "the element type {} has no field", encoding.data_type);
}

/// Where a tensor's bytes lie in another file; ONNX's external_data keys.
struct ExternalRange {
  std::string location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
};

std::uint64_t parse_extent(const std::string& key, const std::string& text) {
  const bool digits = !text.empty() && text.size() < 19 &&
                      std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) fail(ErrorCode::kParse, "its external data has the {} '{}'", key, text);
  return std::stoull(text);
}

ExternalRange external_range(const onnx::TensorProto& proto) {
  ExternalRange range;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") range.location = entry.value();
    if (entry.key() == "offset") range.offset = parse_extent("offset", entry.value());
    if (entry.key() == "length") range.length = parse_extent("length", entry.value());
  }
  return range;
}

/// The file that `location` names below `folder`. @throws Error(kParse) if it lies elsewhere.
std::filesystem::path inside(const std::filesystem::path& folder, const std::string& location) {
  const std::filesystem::path root = std::filesystem::weakly_canonical(folder);
  const std::filesystem::path file = std::filesystem::weakly_canonical(root / location);
  const auto [end_of_root, rest] =
      std::mismatch(root.begin(), root.end(), file.begin(), file.end());
  if (location.empty() || end_of_root != root.end() || rest == file.end()) {
    fail(ErrorCode::kParse, "its data is said to lie in '{}', outside of the model's folder",
         location);
  }
  return file;
}

std::string read_external(const onnx::TensorProto& proto, const std::filesystem::path& folder,
                          std::uint64_t wanted) {
  if (folder.empty()) {
    fail(ErrorCode::kUnsupported, "its data lies in another file, which a model in memory has not");
  }
  const ExternalRange range = external_range(proto);
  const std::filesystem::path path = inside(folder, range.location);
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) fail(ErrorCode::kIo, "cannot read {}: {}", path.string(), error.message());
  if (range.length.value_or(wanted) != wanted) {
    fail(ErrorCode::kParse, "its shape needs {} bytes, its external data is said to have {}",
         wanted, *range.length);
  }
  if (range.offset > size || wanted > size - range.offset) {
    fail(ErrorCode::kParse, "it needs {} bytes from {} on in {}, which has {}", wanted,
         range.offset, path.string(), size);
  }
  std::string bytes(wanted, '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(range.offset));
  file.read(bytes.data(), static_cast<std::streamsize>(wanted));
  if (!file) fail(ErrorCode::kIo, "cannot read {} bytes of {}", wanted, path.string());
  return bytes;
}

}  // namespace

DType dtype_from_onnx(std::int32_t data_type) { return encoding(data_type).dtype; }

int bits_of_onnx(std::int32_t data_type) {
  const Encoding& stored = encoding(data_type);
  return stored.packed_bits > 0 ? stored.packed_bits : 8 * static_cast<int>(stored.stored_size);
}

std::int32_t onnx_data_type(DType dtype) {
  // The first match is the type of the same width: the 16-bit floats come after float32.
  return std::ranges::find(kEncodings, dtype, &Encoding::dtype)->data_type;
}

Tensor read_tensor(const onnx::TensorProto& proto, const std::filesystem::path& folder) {
  const Encoding& stored = encoding(proto.data_type());
  const Shape shape(proto.dims().begin(), proto.dims().end());
  if (proto.has_segment()) fail(ErrorCode::kUnsupported, "it is cut into segments");
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    std::int64_t bytes = 0;
    if (__builtin_mul_overflow(element_count(shape), stored.stored_size, &bytes)) {
      fail(ErrorCode::kParse, "it cannot have the shape {}", to_string(shape));
    }
    if (stored.packed_bits > 0) {
      const std::int64_t per_byte = 8 / stored.packed_bits;
      bytes = bytes / per_byte + (bytes % per_byte != 0 ? 1 : 0);
    }
    return from_raw(stored, shape, read_external(proto, folder, static_cast<std::uint64_t>(bytes)));
  }
  if (proto.has_raw_data()) return from_raw(stored, shape, proto.raw_data());
  return from_typed(stored, shape, proto);
}

void write_tensor(const Tensor& tensor, onnx::TensorProto* proto) {
  proto->set_data_type(onnx_data_type(tensor.dtype()));
  for (const std::int64_t extent : tensor.shape()) proto->add_dims(extent);
  const auto bytes = tensor.bytes();
  proto->set_raw_data(bytes.data(), bytes.size());
}

}  // namespace quern
