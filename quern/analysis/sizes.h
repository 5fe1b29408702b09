#pragma once

#include <cstdint>

#include "quern/graph/graph.h"

namespace quern {

/// What the activations of one sample may take at one time, in bytes.
inline constexpr std::int64_t kMostBytesPerSample = std::int64_t{1} << 30;

/// Refuses values that would take more memory than any network needs, before anything is allocated:
/// for one sample more than 2^28 elements, or more than kMostBytesPerSample that live at the same
/// time; of those that constants alone decide, more than 2^20 elements and more than all constants
/// together, or in all more than 2^24 and four times those. Needs inferred shapes; unknown extents
/// count as 1.
/// @throws Error(kUnsupported) naming the layer.
void check_sizes(const Graph& graph);

/// The largest sum of one sample's values, and what a Conv needs beside them, at one node in a run
/// that frees a value after its last reader, in bytes; a batch that the graph fixes counts as one
/// sample.
std::int64_t bytes_per_sample(const Graph& graph);

}  // namespace quern
