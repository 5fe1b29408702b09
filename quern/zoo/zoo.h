#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// What can be chosen of a built-in network; absent values are the network's own.
struct ZooOptions {
  double width = 1.0;          ///< Multiplies channel counts, 0 < width ≤ 8.
  std::optional<int> input;    ///< Height and width of the input, 8 to 4096 (unit: pixels).
  std::optional<int> classes;  ///< Outputs, 1 to 1000000.
  std::uint64_t seed = 0;      ///< Of the weights.
};

/// A built-in network as the catalog lists it, at its default options.
struct ZooEntry {
  std::string_view name;
  std::string_view summary;
  int input = 224;
  int classes = 1000;
  std::int64_t parameters = 0;  ///< Trainable numbers; batch-norm statistics are not counted.
  std::int64_t macs = 0;        ///< Multiply–accumulates of one image.
  /// @param options  Complete: `input` and `classes` have values.
  Graph (*make)(const ZooOptions& options) = nullptr;
};

const std::vector<ZooEntry>& zoo();

/// A float graph with seeded random weights, batch norms kept, input "input" [N, 3, input, input]
/// with a free batch, output "logits" [N, classes], canonical, shapes inferred. Layers are named as
/// torchvision's MobileNetV2 names its modules ("features.0.0", "classifier.1"). The statistics of
/// every batch norm fit its input, so that activations neither vanish nor grow with depth.
///
/// @throws Error(kInvalidArgument) naming an unknown network and the nearest one, or an option
///         outside its domain.
Graph make_network(std::string_view name, const ZooOptions& options = {});

/// The NAME of a model given as "zoo:NAME"; none for anything else.
std::optional<std::string_view> zoo_name(std::string_view model);

}  // namespace quern
