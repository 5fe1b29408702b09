#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "quern/tensor/tensor.h"

namespace quern {

/// Writes named arrays as numpy's .npz (a zip archive of .npy version 1.0 files, little endian, not
/// compressed), readable by `numpy.load`. Arrays stand in the order of their names; equal arrays
/// give equal bytes. @throws Error(kIo) naming the file; nothing is left behind.
void write_npz(const std::filesystem::path& path, const std::map<std::string, Tensor>& arrays);

/// Reads such a file, compressed or not, C order only.
/// @throws Error(kIo) if it can not be read; Error(kParse) naming the file and the array.
std::map<std::string, Tensor> read_npz(const std::filesystem::path& path);

}  // namespace quern
