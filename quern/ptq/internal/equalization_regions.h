#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern::internal {

/// A value at which a node of a region stands, and the factor that each of its channels takes.
struct ChannelUse {
  NodeId node;
  ValueId value;
  std::vector<std::size_t> factors;  ///< Per channel: a position among the region's factors.
};

/// Values that can be scaled channel by channel without changing what the network computes: layers
/// that give them ("sources") are multiplied, layers that read them ("sinks") divided, and what
/// lies between (Relu, pools, Add, Concat, …) scales with its inputs.
struct EqualizationRegion {
  std::size_t factors = 0;  ///< Channels that can be scaled apart from each other.
  std::vector<ChannelUse> sources;
  std::vector<ChannelUse> sinks;
  std::vector<ChannelUse> clips;  ///< Clips from 0 that are taken to scale, with their inputs.
  std::string obstacle;           ///< Why it can not be scaled; empty if it can.
};

/// The regions of a graph that have sinks, in the order of their first value. Needs inferred
/// shapes.
/// @param through_clips  Takes a Clip from 0 to a constant as if it scaled; that factors stay small
///                       enough is up to the caller.
std::vector<EqualizationRegion> equalization_regions(const Graph& graph, bool through_clips);

/// Whether an op gives s · y for s · x, channel by channel, for every s > 0.
bool is_scale_invariant(const Graph& graph, const Node& node);

/// Scales a region: each factor > 0.
void scale_region(Graph& graph, const EqualizationRegion& region,
                  const std::vector<float>& factors);

/// Channels whose range is below this are dead: a factor would say nothing, and they keep theirs.
inline constexpr float kLeastRange = 1e-9F;

/// Raises the range of every factor to that of the channels of `use`.
void raise(const ChannelUse& use, const std::vector<float>& ranges, std::vector<float>& largest);

/// One sentence per obstacle: "`algorithm` left …".
std::vector<std::string> describe_obstacles(const Graph& graph,
                                            const std::vector<EqualizationRegion>& regions,
                                            const std::string& algorithm);

/// Adds a sentence where `dead` channels of a region keep their scale.
void note_dead_channels(const Graph& graph, const EqualizationRegion& region, std::size_t dead,
                        const std::string& algorithm, std::vector<std::string>& notes);

}  // namespace quern::internal
