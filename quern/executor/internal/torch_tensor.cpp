#include "quern/executor/internal/torch_tensor.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <array>
#include <cstring>
#include <utility>

namespace quern {
namespace {

constexpr std::array kTypes = {
    std::pair{DType::kFloat32, at::kFloat}, std::pair{DType::kFloat64, at::kDouble},
    std::pair{DType::kInt8, at::kChar},     std::pair{DType::kUint8, at::kByte},
    std::pair{DType::kInt16, at::kShort},   std::pair{DType::kInt32, at::kInt},
    std::pair{DType::kInt64, at::kLong},    std::pair{DType::kBool, at::kBool}};

at::MemoryFormat format(std::int64_t rank) {
  return rank == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

}  // namespace

at::ScalarType torch_type(DType dtype) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours == dtype) return theirs;
  }
  fail(ErrorCode::kUnsupported, "tensors of {} are not computed with", name(dtype));
}

at::Tensor to_torch(const Tensor& tensor) {
  // LibTorch has no read-only tensors; the clone is the only reader of this one.
  auto* bytes = const_cast<std::byte*>(tensor.bytes().data());
  return at::from_blob(bytes, tensor.shape(), torch_type(tensor.dtype()))
      .clone(format(static_cast<std::int64_t>(tensor.rank())));
}

Tensor from_torch(const at::Tensor& tensor) {
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs != tensor.scalar_type()) continue;
    Tensor copy(ours, tensor.sizes().vec());
    at::from_blob(copy.mutable_bytes().data(), tensor.sizes(), theirs).copy_(tensor);
    return copy;
  }
  fail(ErrorCode::kUnsupported, "a result of type {}", c10::toString(tensor.scalar_type()));
}

at::Tensor to_torch(const TensorView& view) {
  auto* first = const_cast<float*>(view.data.data());  // As above.
  const Shape& shape = view.shape;
  if (!view.channels_last) return dense(at::from_blob(first, shape, at::kFloat));
  return at::from_blob(first, {shape[0], shape[2], shape[3], shape[1]}, at::kFloat)
      .permute({0, 3, 1, 2});
}

at::Tensor dense(const at::Tensor& tensor) { return tensor.contiguous(format(tensor.dim())); }

TensorView view(const at::Tensor& tensor) {
  return {.data = {tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())},
          .shape = tensor.sizes().vec(),
          .channels_last = tensor.dim() == 4};
}

Tensor TensorView::to_tensor() const {
  auto* first = const_cast<float*>(data.data());
  if (!channels_last) return Tensor::of<float>(shape, data);
  const at::Tensor memory =
      at::from_blob(first, {shape[0], shape[2], shape[3], shape[1]}, at::kFloat);
  return from_torch(memory.permute({0, 3, 1, 2}));
}

}  // namespace quern
