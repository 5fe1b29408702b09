#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "quern/zoo/zoo.h"

namespace quern {

/// What a library calls one layer of a network.
struct LayerNames {
  std::string layer;
  std::string batchnorm;  ///< Empty where none follows.

  bool operator==(const LayerNames&) const = default;
};

/// What a library appends to a layer's name for each of its tensors; the first that a file has.
struct Suffixes {
  std::vector<std::string_view> weight, bias;
  std::vector<std::string_view> gamma, beta, mean, variance;
};

/// How the weights of one zoo network are called in the files of one library. Layouts follow the
/// framework: O I H W and O I for PyTorch; H W I O, H W C 1 (depthwise) and I O for TensorFlow.
struct NameScheme {
  std::string_view library;  ///< "torchvision"
  std::string_view network;  ///< Of the zoo.
  Framework framework;
  Suffixes suffixes;
  /// The names of a network's layers from those in the zoo, in the same order: that of execution.
  std::vector<LayerNames> (*layers)(const std::vector<LayerNames>& zoo);
};

/// All of them.
const std::vector<NameScheme>& name_schemes();

}  // namespace quern
