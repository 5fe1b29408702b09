#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "quern/analysis/layer_groups.h"
#include "quern/executor/plan.h"
#include "quern/graph/graph.h"

namespace quern::internal {

/// A value at which a quantized network is compared with its reference, and what computes it from
/// the stops before it, in both.
struct LayerStop {
  std::optional<std::size_t> group;  ///< Position in the groups; none of the network's input.
  ValueId value;
  std::vector<std::size_t> sources;            ///< Stops that `quantized` reads, as its inputs.
  std::vector<std::size_t> reference_sources;  ///< Likewise of `reference`.
  std::unique_ptr<Plan> quantized;             ///< Fake-quant; null of the network's input.
  std::unique_ptr<Plan> reference;             ///< Float; null of the network's input.
  std::size_t last_reader = 0;  ///< The last stop that reads this one; kKept of an output.
  std::size_t variants = 0;     ///< Quantized layers up to here, this one included.
  std::int64_t elements = 0;    ///< Of one sample.
};

inline constexpr std::size_t kKept = static_cast<std::size_t>(-1);

/// The network's input, then the output of every group that is float32, has a row for each sample
/// and a value of the same name in the reference.
std::vector<LayerStop> layer_stops(const Graph& graph, const Graph& reference,
                                   const std::vector<LayerGroup>& groups);

/// What the stops that are alive at one time take for one sample at most, with a row for each layer
/// passed (unit: bytes).
std::int64_t bytes_of_variants(const std::vector<LayerStop>& stops);

}  // namespace quern::internal
