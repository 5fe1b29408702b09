#pragma once

#include <cstdint>

#include "quern/graph/graph.h"

namespace quern {

/// The largest sum of activation buffers alive at one node, in bytes.
struct ActivationMemory {
  std::int64_t float_bytes = 0;  ///< Every element at 32 bits.
  std::int64_t bytes = 0;        ///< At the bits of the last Quant that writes the buffer.
};

/// Runs the nodes in order, frees a buffer after its last reader, and lets ops that keep each
/// element where it is work in place where nothing else reads their input. One sample; free
/// extents count as 1.
ActivationMemory activation_memory(const Graph& graph);

}  // namespace quern
