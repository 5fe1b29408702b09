#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "quern/tensor/tensor.h"

namespace quern::test {

/// A safetensors file of any header, right or wrong, and any data.
std::vector<std::byte> safetensors(std::string_view header, const std::vector<std::byte>& data);

/// A right one, as the `safetensors` package writes it.
std::vector<std::byte> safetensors(const std::map<std::string, Tensor>& tensors);

void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, Tensor>& tensors);

}  // namespace quern::test
