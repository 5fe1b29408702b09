#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "quern/tensor/tensor.h"

namespace quern {

/// Reads a file of Hugging Face's safetensors format: a header length, a JSON header of names,
/// types, shapes and offsets, then the bytes of the tensors. 16-bit floats widen to float32. The
/// header's free-form "__metadata__" is not read.
///
/// Nothing is allocated before sizes agree: the tensors must fill the file without gap or overlap.
///
/// @throws Error(kIo) if it can not be read; Error(kParse) naming file and tensor; kUnsupported
///         naming a type that quern does not hold.
std::map<std::string, Tensor> read_safetensors(const std::filesystem::path& path);

/// The same from bytes; `name` is the file name that messages use.
std::map<std::string, Tensor> read_safetensors(std::span<const std::byte> bytes,
                                               const std::string& name);

}  // namespace quern
