#pragma once

#include <filesystem>
#include <optional>

#include "quern/tensor/stored_tensor.h"

namespace quern {

/// The tensors of a file that holds weights by name and no network: .npz or .safetensors; none for
/// any other extension. An .npz is unpacked tensor by tensor, as they are read.
///
/// @throws Error(kUnsupported) for a format that needs its framework to be read (TensorFlow
///         checkpoints and SavedModels, Keras's HDF5, PyTorch's pickles), saying how to save a file
///         that is read; errors of the format's reader.
std::optional<StoredTensors> list_weight_file(const std::filesystem::path& path);

}  // namespace quern
