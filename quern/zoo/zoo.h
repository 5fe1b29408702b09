#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// Whose conventions a network follows where frameworks build one architecture differently.
///
/// | | kPyTorch | kTensorFlow |
/// |---|---|---|
/// | padding | half the kernel on every side | 'SAME': an odd pixel goes to the bottom and right |
/// | epsilon of batch norms | 1e-5 | 1e-3 |
/// | pictures | ImageNet's mean and deviation | −1 … 1 |
/// | MNasNet's stem | with ReLU | without activation |
enum class Framework : std::uint8_t { kPyTorch, kTensorFlow };

/// What can be chosen of a built-in network; absent values are the network's own.
struct ZooOptions {
  double width = 1.0;          ///< Multiplies channel counts, 0 < width ≤ 8.
  std::optional<int> input;    ///< Height and width of the input, 8 to 4096 (unit: pixels).
  std::optional<int> classes;  ///< Outputs, 1 to 1000000.
  std::optional<std::uint64_t> seed = 0;  ///< Of the weights; none: all weights are 0.
  std::optional<Framework> framework;
};

/// A built-in network as the catalog lists it, at its default options.
struct ZooEntry {
  std::string_view name;
  std::string_view summary;
  int input = 224;
  int classes = 1000;
  Framework framework = Framework::kPyTorch;
  std::int64_t parameters = 0;  ///< Trainable numbers; batch-norm statistics are not counted.
  std::int64_t macs = 0;        ///< Multiply–accumulates of one image.
  std::vector<double> widths = {1.0};  ///< That weights were published for.
  std::vector<int> inputs = {224};     ///< The same.
  /// @param options  Complete: `input`, `classes` and `framework` have values.
  Graph (*make)(const ZooOptions& options) = nullptr;
};

const std::vector<ZooEntry>& zoo();

/// @throws Error(kInvalidArgument) naming an unknown network and the nearest one.
const ZooEntry& zoo_entry(std::string_view name);

/// A float graph with seeded random weights, batch norms kept, input "input" [N, 3, input, input]
/// with a free batch, output "logits" [N, classes], canonical, shapes inferred. Layers have the
/// names of the network's best known publication: torchvision's modules for MobileNetV2
/// ("features.0.0"), Keras's layers for MobileNetV1 and ResNet-8 ("conv_dw_1"), cells for MNasNet
/// ("cell_2/expand"). The statistics of every batch norm fit its input, so that activations neither
/// vanish nor grow with depth.
///
/// @throws Error(kInvalidArgument) naming an unknown network and the nearest one, or an option
///         outside its domain.
Graph make_network(std::string_view name, const ZooOptions& options = {});

/// The NAME of a model given as "zoo:NAME"; none for anything else.
std::optional<std::string_view> zoo_name(std::string_view model);

}  // namespace quern
