#include "quern/weights/match_layers.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "quern/base/error.h"

namespace quern {
namespace {

/// The layers of a zoo network without weights; shapes do not depend on input or framework.
std::vector<WeightedLayer> zoo_layers(const ZooEntry& network, double width, int classes) {
  return weighted_layers(make_network(
      network.name, {.width = width, .input = 32, .classes = classes, .seed = std::nullopt}));
}

bool is_alike(const WeightedLayer& file, const WeightedLayer& zoo) {
  return file.weights.weight.shape() == zoo.weights.weight.shape() && file.groups == zoo.groups &&
         file.strides == zoo.strides;
}

/// For each zoo layer the file's, until one has none.
std::vector<std::size_t> arrange(const FileLayers& file, const std::vector<WeightedLayer>& zoo) {
  std::vector<std::size_t> order;
  std::vector<bool> is_used(file.layers.size(), false);
  for (std::size_t i = 0; i < zoo.size(); ++i) {
    std::size_t at = file.is_ordered ? i : 0;
    const std::size_t end = file.is_ordered ? i + 1 : file.layers.size();
    while (at < end && (is_used[at] || !is_alike(file.layers[at], zoo[i]))) ++at;
    if (at == end) break;
    is_used[at] = true;
    order.push_back(at);
  }
  return order;
}

std::vector<double> candidate_widths(const ZooEntry& network, std::int64_t stem_channels) {
  const auto stem = zoo_layers(network, 1, 1)[0].weights.weight.shape()[0];
  // Rounding to multiples of 8 moves a stem of 32 channels by at most a quarter.
  constexpr int kReach = 26;
  const auto middle =
      std::lround(100.0 * static_cast<double>(stem_channels) / static_cast<double>(stem));
  std::vector<long> hundredths;
  for (long i = std::max(1L, middle - kReach); i <= std::min(800L, middle + kReach); ++i) {
    hundredths.push_back(i);
  }
  // Of several widths with the same channels, the roundest is meant.
  std::ranges::stable_sort(hundredths, {},
                           [](long i) { return std::pair(i % 25 != 0, i % 5 != 0); });
  std::vector<double> widths = network.widths;
  for (const long i : hundredths) widths.push_back(static_cast<double>(i) / 100);
  return widths;
}

[[noreturn]] void fail_at(std::size_t index, const FileLayers& file,
                          const std::vector<WeightedLayer>& zoo, const ZooEntry& network,
                          double width) {
  const WeightedLayer& expected = zoo[index];
  const std::string shape = to_string(expected.weights.weight.shape());
  if (file.is_ordered) {
    const LayerWeights& found = file.layers[index].weights;
    fail(ErrorCode::kParse,
         "layer '{}' has the shape {}, expected {} as zoo:{} has in '{}' at width {}", found.layer,
         to_string(found.weight.shape()), shape, network.name, expected.weights.layer, width);
  }
  fail(ErrorCode::kParse,
       "no layer is like '{}' of zoo:{} at width {}: shape {}, groups {}, strides [{}]",
       expected.weights.layer, network.name, width, shape, expected.groups,
       fmt::join(expected.strides, ", "));
}

std::int64_t residual_adds(const Graph& graph) {
  const std::vector<NodeId> adds = graph.nodes_of("Add");
  return std::ranges::count_if(adds, [&](NodeId id) {
    return std::ranges::none_of(graph.node(id).inputs,
                                [&](ValueId input) { return graph.is_constant(input); });
  });
}

std::string described(const std::string& activation) {
  return activation.empty() ? "no activation" : activation;
}

}  // namespace

MatchedLayers match_layers(const FileLayers& file, const ZooEntry& network,
                           std::optional<double> width) {
  const std::size_t expected = zoo_layers(network, 1, 1).size();
  if (file.layers.size() != expected) {
    fail(ErrorCode::kParse, "it has {} convolutions and linear layers, zoo:{} has {}",
         file.layers.size(), network.name, expected);
  }
  const auto classes = static_cast<int>(file.layers.back().weights.weight.shape()[0]);
  const auto stem = file.layers.front().weights.weight.shape()[0];
  const std::vector<double> widths = width ? std::vector{*width} : candidate_widths(network, stem);
  double nearest = widths[0];
  std::size_t most = 0;
  for (const double candidate : widths) {
    const std::vector<std::size_t> order = arrange(file, zoo_layers(network, candidate, classes));
    if (order.size() == expected) {
      MatchedLayers matched{.width = candidate};
      for (const std::size_t at : order) matched.layers.push_back(file.layers[at]);
      return matched;
    }
    if (order.size() > most) {
      most = order.size();
      nearest = candidate;
    }
  }
  fail_at(most, file, zoo_layers(network, nearest, classes), network, nearest);
}

std::optional<std::string> difference(const Graph& file_graph,
                                      const std::vector<WeightedLayer>& file,
                                      const Graph& zoo_graph,
                                      const std::vector<WeightedLayer>& zoo) {
  for (std::size_t i = 0; i < zoo.size(); ++i) {
    if (!zoo[i].is_linear() && file[i].pads != zoo[i].pads) {
      return fmt::format("layer '{}' is padded by [{}], the zoo's '{}' by [{}]",
                         file[i].weights.layer, fmt::join(file[i].pads, ", "), zoo[i].weights.layer,
                         fmt::join(zoo[i].pads, ", "));
    }
    if (file[i].activation != zoo[i].activation) {
      return fmt::format("behind layer '{}' stands {}, behind the zoo's '{}' {}",
                         file[i].weights.layer, described(file[i].activation), zoo[i].weights.layer,
                         described(zoo[i].activation));
    }
  }
  const std::int64_t found = residual_adds(file_graph);
  const std::int64_t expected = residual_adds(zoo_graph);
  if (found == expected) return std::nullopt;
  return fmt::format("it adds {} pairs of activations, the zoo's network {}", found, expected);
}

}  // namespace quern
