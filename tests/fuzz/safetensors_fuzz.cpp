// read_safetensors on any bytes: tensors or an Error that blames the file, and no memory beyond
// what the file's own size allows.
#include <cstddef>
#include <cstdint>
#include <span>

#include "quern/base/error.h"
#include "quern/tensor/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    for (const auto& [name, tensor] :
         quern::read_safetensors(std::as_bytes(std::span(data, size)), "fuzz")) {
      const auto bytes = static_cast<std::size_t>(tensor.size()) * quern::size_of(tensor.dtype());
      quern::ensure(tensor.bytes().size() == bytes, "tensor '{}' has other bytes than its shape",
                    name);
    }
  } catch (const quern::Error& error) {
    if (error.code() == quern::ErrorCode::kInternal) throw;
  }
  return 0;
}
