#pragma once

#include <cstdint>

#include "quern/graph/graph.h"

namespace quern::test {

/// A small quantized network drawn from `seed`: convolutions (plain, grouped, depthwise), batch
/// norms, activations, adds, concats, pools and a head; quantizers of every kind with shared
/// scales, channels, zero points, 1 to 16 bits and learned state; names that are hard on a file
/// format; metadata, preprocessing, free extents. Shapes are inferred and verify() passes.
Graph random_graph(std::uint64_t seed);

}  // namespace quern::test
