#include "quern/importers/tensorflow/tensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

#include "quern/importers/tensorflow.pb.h"
#include "quern/tensor/float16.h"

namespace quern::tensorflow {
namespace {

constexpr std::int64_t kMaxExtent = std::numeric_limits<std::int32_t>::max();

/// One TensorFlow element type: what quern makes of it.
struct Encoding {
  std::int32_t data_type;
  DType dtype;
  Tensor (*read)(const TensorProto& proto, const Shape& shape, std::int64_t& repeats);
};

Shape shape_of(const TensorProto& proto) {
  if (proto.tensor_shape().unknown_rank()) fail(ErrorCode::kParse, "its shape is not known");
  Shape shape;
  for (const Dim& dim : read_dims(proto.tensor_shape())) {
    if (!dim.is_fixed()) fail(ErrorCode::kParse, "its shape has a free extent");
    shape.push_back(dim.size);
  }
  return shape;
}

/// All elements, as they are stored. @throws Error(kParse) where bytes and shape disagree.
template <class Stored>
std::vector<Stored> from_content(const std::string& content, const Shape& shape) {
  const auto count = static_cast<std::uint64_t>(element_count(shape));
  if (content.size() / sizeof(Stored) != count || content.size() % sizeof(Stored) != 0) {
    fail(ErrorCode::kParse, "it has shape {} but holds {} bytes of {}-byte elements",
         to_string(shape), content.size(), sizeof(Stored));
  }
  std::vector<Stored> elements(count);
  if (count > 0) std::memcpy(elements.data(), content.data(), content.size());
  return elements;
}

/// The elements of a typed field, the last repeated up to the shape's count; zeros where it is
/// empty.
template <class Stored, class Field>
std::vector<Stored> from_field(const Field& field, const Shape& shape, std::int64_t& repeats) {
  const std::int64_t count = element_count(shape);
  const std::int64_t present = field.size();
  if (present > count) {
    fail(ErrorCode::kParse, "it has shape {} but holds {} elements", to_string(shape), present);
  }
  if (count - present > repeats) {
    fail(ErrorCode::kUnsupported,
         "it holds {} elements and repeats the last up to the shape {} (supported: {} repeated "
         "elements)",
         present, to_string(shape), repeats);
  }
  repeats -= count - present;
  std::vector<Stored> elements(static_cast<std::size_t>(count));
  std::ranges::transform(field, elements.begin(),
                         [](auto value) { return static_cast<Stored>(value); });
  if (present > 0) {
    std::fill(elements.begin() + present, elements.end(),
              elements[static_cast<std::size_t>(present - 1)]);
  }
  return elements;
}

/// @tparam Stored  As the file's bytes hold an element; @tparam To as quern does.
/// @tparam kField  The field that holds the type where there are no bytes.
template <class Stored, class To, auto kField, auto kConvert>
Tensor read(const TensorProto& proto, const Shape& shape, std::int64_t& repeats) {
  const std::vector<Stored> elements = proto.tensor_content().empty()
                                           ? from_field<Stored>((proto.*kField)(), shape, repeats)
                                           : from_content<Stored>(proto.tensor_content(), shape);
  Tensor tensor(DTypeOf<To>::value, shape);
  std::ranges::transform(elements, tensor.mutable_data<To>().begin(), kConvert);
  return tensor;
}

template <class To>
To convert(std::conditional_t<std::is_same_v<To, bool>, std::uint8_t, To> value) {
  return static_cast<To>(value);
}
std::int64_t widen_int32(std::int32_t value) { return value; }

template <class Message, class Field>
using Getter = const Field& (Message::*)() const;
template <class T>
using Repeated = google::protobuf::RepeatedField<T>;

constexpr Getter<TensorProto, Repeated<float>> kFloats = &TensorProto::float_val;
constexpr Getter<TensorProto, Repeated<double>> kDoubles = &TensorProto::double_val;
constexpr Getter<TensorProto, Repeated<std::int32_t>> kInts = &TensorProto::int_val;
constexpr Getter<TensorProto, Repeated<std::int64_t>> kInt64s = &TensorProto::int64_val;
constexpr Getter<TensorProto, Repeated<bool>> kBools = &TensorProto::bool_val;
constexpr Getter<TensorProto, Repeated<std::int32_t>> kHalves = &TensorProto::half_val;

template <class T>
constexpr auto kReadSmallInteger = read<T, T, kInts, convert<T>>;

constexpr std::array<Encoding, 11> kEncodings = {{
    {DT_FLOAT, DType::kFloat32, read<float, float, kFloats, convert<float>>},
    {DT_DOUBLE, DType::kFloat64, read<double, double, kDoubles, convert<double>>},
    {DT_HALF, DType::kFloat32, read<std::uint16_t, float, kHalves, widen_float16>},
    {DT_BFLOAT16, DType::kFloat32, read<std::uint16_t, float, kHalves, widen_bfloat16>},
    {DT_INT8, DType::kInt8, kReadSmallInteger<std::int8_t>},
    {DT_UINT8, DType::kUint8, kReadSmallInteger<std::uint8_t>},
    {DT_INT16, DType::kInt16, kReadSmallInteger<std::int16_t>},
    {DT_UINT16, DType::kUint16, kReadSmallInteger<std::uint16_t>},
    {DT_INT32, DType::kInt64, read<std::int32_t, std::int64_t, kInts, widen_int32>},
    {DT_INT64, DType::kInt64, read<std::int64_t, std::int64_t, kInt64s, convert<std::int64_t>>},
    {DT_BOOL, DType::kBool, read<std::uint8_t, bool, kBools, convert<bool>>},
}};

const Encoding& encoding(std::int32_t data_type) {
  const auto* const found = std::ranges::find(kEncodings, data_type, &Encoding::data_type);
  if (found != kEncodings.end()) return *found;
  const std::string type = DataType_IsValid(data_type)
                               ? DataType_Name(static_cast<DataType>(data_type))
                               : fmt::format("{}", data_type);
  fail(ErrorCode::kUnsupported,
       "the element type {} is not read (supported: float, double, half, bfloat16, bool and "
       "integers of 8 to 64 bits)",
       type);
}

}  // namespace

DType dtype_from(std::int32_t data_type) { return encoding(data_type).dtype; }

Dims read_dims(const TensorShapeProto& proto) {
  Dims dims;
  for (const auto& dim : proto.dim()) {
    if (dim.size() < -1 || dim.size() > kMaxExtent) {
      fail(ErrorCode::kParse, "it has the extent {} (expected 0 to {}, or −1)", dim.size(),
           kMaxExtent);
    }
    dims.push_back({dim.size(), ""});
  }
  return dims;
}

Tensor read_tensor(const TensorProto& proto, std::int64_t& repeats) {
  return encoding(proto.dtype()).read(proto, shape_of(proto), repeats);
}

}  // namespace quern::tensorflow
