#pragma once

#include <filesystem>

namespace quern {

/// Refuses files that quern can not have a network from, though another program or
/// import_weights can: PyTorch's pickles, Keras's files, weights alone, and a TensorFlow checkpoint
/// given by the prefix of its files.
/// @throws Error(kUnsupported) naming the file and the way.
void refuse_foreign(const std::filesystem::path& path);

}  // namespace quern
