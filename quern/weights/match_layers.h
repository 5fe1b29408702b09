#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/weights/weighted_layers.h"
#include "quern/zoo/zoo.h"

namespace quern {

/// The weights of a file and how sure their order is.
struct FileLayers {
  std::vector<WeightedLayer> layers;
  /// Layer i is the network's layer i, by name; else layers are matched by shape, groups and
  /// strides in the order of execution.
  bool is_ordered = false;
};

struct MatchedLayers {
  double width = 1;
  std::vector<WeightedLayer> layers;  ///< The file's, in the zoo network's order.
};

/// Finds the width at which a zoo network has the file's shapes: `width`, or the published ones and
/// then every hundredth near the ratio of the stems, round ones first.
/// @throws Error(kParse) naming the first layer that does not fit, with the shape expected.
MatchedLayers match_layers(const FileLayers& file, const ZooEntry& network,
                           std::optional<double> width);

/// Why two networks of equal weights compute different things: the first difference of pads,
/// activations or residual additions, in words. None if there is none.
std::optional<std::string> difference(const Graph& file_graph,
                                      const std::vector<WeightedLayer>& file,
                                      const Graph& zoo_graph,
                                      const std::vector<WeightedLayer>& zoo);

}  // namespace quern
