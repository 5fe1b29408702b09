#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

struct ImportWeightsOptions {
  std::string network;           ///< Of the zoo.
  std::optional<double> width;   ///< Found from the file's shapes if absent.
  std::optional<int> input;      ///< Side of the input; the file's or the network's own if absent.
  std::optional<int> classes;    ///< Checked against the file.
  bool drop_background = false;  ///< Leave out output 0, TensorFlow's class "background".
};

struct ImportedWeights {
  Graph graph;        ///< Float, canonical, with preprocessing and label offset.
  std::string names;  ///< Whose names the file has; empty: matched by order and shape.
  double width = 1;
  std::size_t layers = 0;
  std::size_t batchnorms = 0;
  std::size_t folded = 0;          ///< Batch norms that the file had folded already.
  std::vector<std::string> notes;  ///< One sentence each, for the user.
};

/// Fills a network of the zoo with the weights of a file.
///
/// A file of weights (.npz, .safetensors) is read by the names of a library: see NameScheme. A file
/// with a network in it is read layer by layer in the order of execution; what it computes besides
/// its weights has to be what the zoo's network computes. The network follows the conventions of
/// the framework that the weights come from, whatever the zoo's own are.
///
/// @throws Error(kUnsupported) for a format that is not read, and for a network that is another
/// one;
///         Error(kParse) naming the tensor or layer that is missing or does not fit; both name the
///         file. Error(kInvalidArgument) for options that contradict the file.
ImportedWeights import_weights(const std::filesystem::path& path,
                               const ImportWeightsOptions& options);

}  // namespace quern
