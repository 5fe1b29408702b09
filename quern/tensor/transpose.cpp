#include "quern/tensor/transpose.h"

#include <algorithm>

namespace quern {

Tensor transposed(const Tensor& source, const std::vector<std::size_t>& order) {
  const std::size_t rank = source.rank();
  std::vector<std::int64_t> strides(rank, 1);
  for (std::size_t i = rank; i-- > 1;) strides[i - 1] = strides[i] * source.shape()[i];
  Shape shape(rank);
  for (std::size_t i = 0; i < rank; ++i) shape[i] = source.shape()[order[i]];

  Tensor result(source.dtype(), shape);
  const std::size_t width = size_of(source.dtype());
  const auto from = source.bytes();
  const auto to = result.mutable_bytes();
  Shape index(rank, 0);
  for (std::size_t element = 0; element < static_cast<std::size_t>(source.size()); ++element) {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < rank; ++i) offset += index[i] * strides[order[i]];
    std::copy_n(from.begin() + offset * static_cast<std::int64_t>(width), width,
                to.begin() + static_cast<std::int64_t>(element * width));
    for (std::size_t i = rank; i-- > 0;) {
      if (++index[i] < shape[i]) break;
      index[i] = 0;
    }
  }
  return result;
}

}  // namespace quern
