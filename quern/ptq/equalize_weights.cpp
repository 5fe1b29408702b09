#include "quern/ptq/equalize_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quern/analysis/rectifier.h"
#include "quern/ptq/internal/channel_maxima.h"
#include "quern/ptq/internal/equalization_regions.h"
#include "quern/ptq/internal/layer_channels.h"

namespace quern {
namespace {

using internal::ChannelUse;
using internal::EqualizationRegion;

constexpr int kMostRounds = 20;
/// A round whose factors are all nearer to 1 is the last.
constexpr float kDone = 1e-3F;
/// A region and how far its channels may still grow.
struct Equalized {
  EqualizationRegion region;
  std::vector<float> room;  ///< Per factor: the largest allowed; 0 where it has to stay.
};

/// What the Clips of a region leave to its channels.
std::vector<float> room_of(const Graph& graph, const EqualizationRegion& region,
                           std::span<const std::vector<float>> maxima) {
  std::vector<float> room(region.factors, std::numeric_limits<float>::infinity());
  for (std::size_t i = 0; i < region.clips.size(); ++i) {
    const ChannelUse& clip = region.clips[i];
    const auto threshold = static_cast<float>(*rectifier(graph, graph.node(clip.node))->threshold);
    for (std::size_t c = 0; c < clip.factors.size(); ++c) {
      const float largest = maxima[i][c];
      float& own = room[clip.factors[c]];
      own = std::min(own, largest >= threshold ? 0 : threshold / largest);
    }
  }
  return room;
}

/// The regions that can be scaled. Looks at the pictures where there is a Clip.
std::vector<Equalized> free_regions(const Graph& graph, const CalibrationData& data,
                                    PtqReport& report) {
  const auto regions = internal::equalization_regions(graph, /*through_clips=*/true);
  report.notes = internal::describe_obstacles(graph, regions, "equalize_weights");
  std::vector<Equalized> free;
  std::vector<ValueId> clipped;
  for (const EqualizationRegion& region : regions) {
    if (!region.obstacle.empty()) continue;
    free.push_back({region, {}});
    for (const ChannelUse& clip : region.clips) {
      clipped.push_back(graph.node(clip.node).outputs[0]);
    }
  }
  const auto maxima = internal::channel_maxima(graph, clipped, data, "equalize_weights");
  std::span<const std::vector<float>> left = maxima;
  for (Equalized& each : free) {
    each.room = room_of(graph, each.region, left.first(each.region.clips.size()));
    left = left.subspan(each.region.clips.size());
  }
  return free;
}

/// √(r2 / r1) per factor; 0 where there is none.
std::vector<float> wanted_factors(const Graph& graph, const EqualizationRegion& region) {
  std::vector<float> in_front(region.factors, 0.0F);
  std::vector<float> behind(region.factors, 0.0F);
  for (const ChannelUse& source : region.sources) {
    internal::raise(source, internal::output_ranges(graph, graph.node(source.node)), in_front);
  }
  for (const ChannelUse& sink : region.sinks) {
    internal::raise(sink, internal::input_ranges(graph, graph.node(sink.node)), behind);
  }
  std::vector<float> factors(region.factors, 0.0F);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    if (in_front[i] < internal::kLeastRange || behind[i] < internal::kLeastRange) continue;
    const float found = std::sqrt(behind[i] / in_front[i]);
    if (std::isnormal(found)) factors[i] = found;
  }
  return factors;
}

/// Divides by the geometric mean of those that there are.
void normalize(std::vector<float>& factors) {
  double sum = 0;
  double count = 0;
  for (const float factor : factors) {
    if (factor == 0) continue;
    sum += std::log(double{factor});
    ++count;
  }
  if (count == 0) return;
  const double mean = std::exp(sum / count);
  for (float& factor : factors) factor = static_cast<float>(factor / mean);
}

/// Scales a region once. @return how far the factor furthest from 1 is from it.
float equalize(Graph& graph, Equalized& each) {
  std::vector<float> factors = wanted_factors(graph, each.region);
  if (!each.region.clips.empty()) normalize(factors);
  float furthest = 0;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    float& room = each.room[i];
    factors[i] = factors[i] == 0 || room == 0 ? 1.0F : std::min(factors[i], room);
    room /= factors[i];
    furthest = std::max(furthest, std::fabs(factors[i] - 1));
  }
  internal::scale_region(graph, each.region, factors);
  return furthest;
}

}  // namespace

PtqReport equalize_weights(Graph& graph, const CalibrationData& data) {
  PtqReport report;
  std::vector<Equalized> regions = free_regions(graph, data, report);
  for (const Equalized& each : regions) {
    report.layers += static_cast<int>(each.region.sinks.size());
    const std::vector<float> factors = wanted_factors(graph, each.region);
    const auto dead = static_cast<std::size_t>(std::ranges::count(factors, 0.0F));
    internal::note_dead_channels(graph, each.region, dead, "equalize_weights", report.notes);
  }
  for (int round = 0; round < kMostRounds; ++round) {
    float furthest = 0;
    for (Equalized& each : regions) furthest = std::max(furthest, equalize(graph, each));
    if (furthest < kDone) break;
  }
  verify(graph);
  return report;
}

}  // namespace quern
