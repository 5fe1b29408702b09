#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "quern/data/loader.h"
#include "quern/graph/graph.h"

namespace quern::test {

/// A small network with a residual add and a depthwise convolution, quantized and calibrated on
/// generated pictures, and those pictures.
struct QuantizedNetwork {
  Graph graph;
  std::vector<Sample> samples;
  LoaderOptions loader;
  Graph float_graph;  ///< As it was before.
};

/// @param folder  Where the pictures are written.
QuantizedNetwork quantized_network(const std::filesystem::path& folder, int weight_bits = 4);

}  // namespace quern::test
