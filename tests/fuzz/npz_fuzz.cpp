// read_npz on any bytes, and from_npy behind the archive's checksums: tensors or an Error that
// blames the file, and no memory beyond what the file's own size allows.
#include <cstddef>
#include <cstdint>
#include <span>

#include "quern/base/error.h"
#include "quern/tensor/npy.h"
#include "quern/tensor/npz.h"

namespace {

void check(const quern::Tensor& tensor) {
  const auto bytes = static_cast<std::size_t>(tensor.size()) * quern::size_of(tensor.dtype());
  quern::ensure(tensor.bytes().size() == bytes, "an array has other bytes than its shape");
}

template <class Read>
void expect_blame(Read&& read) {
  try {
    read();
  } catch (const quern::Error& error) {
    if (error.code() == quern::ErrorCode::kInternal) throw;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  expect_blame([&] { check(quern::from_npy(bytes)); });
  expect_blame([&] {
    for (const auto& [name, tensor] : quern::read_npz(bytes, "fuzz")) check(tensor);
  });
  return 0;
}
