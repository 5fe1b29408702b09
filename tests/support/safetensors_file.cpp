#include "tests/support/safetensors_file.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "quern/base/error.h"
#include "quern/base/file.h"

namespace quern::test {
namespace {

std::string_view code(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "F32";
    case DType::kFloat64:
      return "F64";
    case DType::kInt8:
      return "I8";
    case DType::kInt64:
      return "I64";
    case DType::kBool:
      return "BOOL";
    default:
      fail(ErrorCode::kInternal, "the test's writer has no {}", name(dtype));
  }
}

}  // namespace

std::vector<std::byte> safetensors(std::string_view header, const std::vector<std::byte>& data) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::byte>(header.size() >> (8 * i)));
  std::ranges::transform(header, std::back_inserter(bytes),
                         [](char c) { return static_cast<std::byte>(c); });
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

std::vector<std::byte> safetensors(const std::map<std::string, Tensor>& tensors) {
  nlohmann::json header = {{"__metadata__", {{"format", "pt"}}}};
  std::vector<std::byte> data;
  for (const auto& [name, tensor] : tensors) {
    const std::size_t begin = data.size();
    data.insert(data.end(), tensor.bytes().begin(), tensor.bytes().end());
    header[name] = {{"dtype", code(tensor.dtype())},
                    {"shape", tensor.shape()},
                    {"data_offsets", {begin, data.size()}}};
  }
  return safetensors(header.dump(), data);
}

void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, Tensor>& tensors) {
  write_file(path, safetensors(tensors));
}

}  // namespace quern::test
