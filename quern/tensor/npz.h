#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "quern/tensor/stored_tensor.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// Writes named arrays as numpy's .npz (a zip archive of .npy version 1.0 files, little endian, not
/// compressed), readable by `numpy.load`. Arrays stand in the order of their names; equal arrays
/// give equal bytes. @throws Error(kIo) naming the file; nothing is left behind.
void write_npz(const std::filesystem::path& path, const std::map<std::string, Tensor>& arrays);

/// Reads such a file: arrays of .npy version 1.0, stored or deflated as numpy writes them, in C or
/// Fortran order; float16 widens to float32. A small file never makes a large allocation.
/// @throws Error(kIo) if it can not be read; Error(kParse | kUnsupported) naming the file and the
///         array.
std::map<std::string, Tensor> read_npz(const std::filesystem::path& path);

/// Lists the arrays of such a file. Only their headers are unpacked; elements are when one is read.
/// @throws as read_npz.
StoredTensors list_npz(const std::filesystem::path& path);

/// All arrays from bytes; `name` is the file name that messages use.
std::map<std::string, Tensor> read_npz(std::span<const std::byte> bytes, const std::string& name);

}  // namespace quern
