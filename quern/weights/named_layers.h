#pragma once

#include <string>
#include <vector>

#include "quern/tensor/stored_tensor.h"
#include "quern/weights/name_scheme.h"
#include "quern/weights/weighted_layers.h"

namespace quern {

/// The weights of a file by their names.
struct NamedLayers {
  const NameScheme* scheme = nullptr;  ///< That the file's names follow.
  std::vector<LayerWeights> layers;    ///< In ONNX's layouts, in the order of execution.
  std::vector<std::string> unused;     ///< Tensors of the file that no layer has.
};

/// Finds the scheme whose names the file has and reads its layers.
///
/// Names may stand behind a common prefix ("module."), end in TensorFlow's ":0" and repeat their
/// layer as Keras's files do ("conv1/conv1/kernel"). "num_batches_tracked" is ignored.
///
/// @param network    Of the zoo; `reference` are its layers at width 1.
/// Shapes are judged before anything is read.
///
/// @throws Error(kParse) naming the tensor that is missing, is not of floats, or has a shape that
///         the layer has at no width.
NamedLayers read_named_layers(const StoredTensors& tensors, std::string_view network,
                              const std::vector<WeightedLayer>& reference,
                              const std::vector<LayerNames>& names);

/// What the zoo calls the layers of one of its networks.
std::vector<LayerNames> layer_names(const Graph& graph, const std::vector<WeightedLayer>& layers);

}  // namespace quern
