#include "quern/report/changes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "quern/analysis/channel_factors.h"
#include "quern/analysis/layer_groups.h"
#include "quern/report/weight_figures.h"

namespace quern {
namespace {

std::map<std::string, LayerGroup> groups_by_layer(const Graph& graph) {
  std::map<std::string, LayerGroup> groups;
  for (LayerGroup& group : layer_groups(graph)) groups.emplace(group.layer, std::move(group));
  return groups;
}

/// The largest factor by which a scale grew or shrank; none where the two grids have other sizes.
std::optional<double> largest_factor(const std::vector<float>& before,
                                     const std::vector<float>& after) {
  if (before.size() != after.size() || before.empty()) return std::nullopt;
  double largest = 1;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double factor = double{after[i]} / double{before[i]};
    largest = std::max({largest, factor, 1 / factor});
  }
  return largest;
}

std::vector<float> bias_of(const Graph& graph, const LayerGroup& group) {
  return group.bias ? to_vector<float>(*graph.value(*group.bias).constant) : std::vector<float>();
}

/// Root of the mean square of the difference; a missing bias is 0.
double shift_between(std::vector<float> before, std::vector<float> after) {
  const std::size_t size = std::max(before.size(), after.size());
  if (size == 0) return 0;
  before.resize(size);
  after.resize(size);
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const double difference = double{after[i]} - double{before[i]};
    sum += difference * difference;
  }
  return std::sqrt(sum / static_cast<double>(size));
}

/// Fills in what changed of the weight; `reference` is null where there is nothing to hold it
/// against.
void compare_weights(const WeightOnGrid& before, const WeightOnGrid& after, const Tensor* reference,
                     LayerChange& change) {
  const std::optional<double> factor = largest_factor(before.params.scale, after.params.scale);
  if (factor && *factor > 1) change.weight_scale = factor;
  if (before.weight == after.weight && before.params == after.params && before.spec == after.spec) {
    return;
  }
  const std::vector<std::int64_t> old_codes = codes_of(before);
  const std::vector<std::int64_t> new_codes = codes_of(after);
  if (old_codes.size() != new_codes.size() || old_codes.empty()) return;
  std::size_t changed = 0;
  for (std::size_t i = 0; i < old_codes.size(); ++i)
    changed += old_codes[i] != new_codes[i] ? 1 : 0;
  change.codes_changed = static_cast<double>(changed) / static_cast<double>(old_codes.size());
  if (reference == nullptr || reference->shape() != after.weight.shape()) return;
  change.sqnr_before_db = weight_sqnr_db(before, *reference);
  change.sqnr_after_db = weight_sqnr_db(after, *reference);
}

/// The ends of the factors from one float tensor to another of the same shape, so far.
struct Factors {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(const Tensor& before, const Tensor& after) {
    if (before.dtype() != DType::kFloat32 || before.shape() != after.shape()) return;
    const auto old_values = before.data<float>();
    const auto new_values = after.data<float>();
    for (std::size_t i = 0; i < old_values.size(); ++i) {
      if (old_values[i] != 0) add(double{new_values[i]} / double{old_values[i]});
    }
  }
  void add(double factor) {
    low = std::min(low, factor);
    high = std::max(high, factor);
  }
};

double largest_magnitude(const Tensor& weight) {
  double largest = 0;
  for (const float value : weight.data<float>())
    largest = std::max(largest, std::fabs(double{value}));
  return largest;
}

/// Fills in how the channels of a float layer were scaled: its weight, the norm behind it, and a
/// Mul that was put behind it.
void compare_floats(const Graph& before, const LayerGroup& old, const Graph& after,
                    const LayerGroup& group, LayerChange& change) {
  Factors factors;
  if (old.weight && group.weight) {
    const Tensor& old_weight = *before.value(*old.weight).constant;
    const Tensor& new_weight = *after.value(*group.weight).constant;
    factors.add(old_weight, new_weight);
    if (old_weight != new_weight) {
      change.range_before = largest_magnitude(old_weight);
      change.range_after = largest_magnitude(new_weight);
    }
  }
  for (const NodeId id : group.nodes) {
    const Node& node = after.node(id);
    const auto twin = before.find_layer(node.layer);
    if (node.op == "BatchNormalization" && twin) {
      const Tensor* scale = before.constant_behind(before.node(*twin).inputs.at(1));
      if (scale != nullptr) factors.add(*scale, *after.constant_behind(node.inputs.at(1)));
    } else if (has_channel_factors(after, node) && !twin) {
      for (const float factor : after.constant_behind(node.inputs[1])->data<float>()) {
        factors.add(double{factor});
      }
    }
  }
  if (factors.low > factors.high || (factors.low == 1 && factors.high == 1)) return;
  change.factor_low = factors.low;
  change.factor_high = factors.high;
}

const std::vector<float>& scale_of(const Graph& graph, QuantizerId grid) {
  static const std::vector<float> none;
  const ScaleId scale = grid ? graph.quantizer(grid).scale : ScaleId{};
  return scale ? graph.scale(scale).values : none;
}

}  // namespace

std::vector<LayerChange> changes_between(const Graph& before, const Graph& after,
                                         const Graph& reference) {
  const auto old_groups = groups_by_layer(before);
  const auto float_groups = groups_by_layer(reference);
  std::vector<LayerChange> changes;
  for (const LayerGroup& group : layer_groups(after)) {
    const auto found = old_groups.find(group.layer);
    if (found == old_groups.end()) continue;
    const LayerGroup& old = found->second;
    const LayerChange unchanged{.layer = group.layer};
    LayerChange change = unchanged;

    const auto old_weight = weight_on_grid(before, old);
    const auto new_weight = weight_on_grid(after, group);
    const auto float_group = float_groups.find(group.layer);
    const bool has_float = float_group != float_groups.end() && float_group->second.weight;
    if (old_weight && new_weight) {
      compare_weights(*old_weight, *new_weight,
                      has_float ? &*reference.value(*float_group->second.weight).constant : nullptr,
                      change);
    }
    if (!old_weight && !new_weight) compare_floats(before, old, after, group, change);
    const double shift = shift_between(bias_of(before, old), bias_of(after, group));
    if (shift > 0) change.bias_shift = shift;
    const std::optional<double> factor =
        largest_factor(scale_of(before, old.output_grid), scale_of(after, group.output_grid));
    if (factor && *factor > 1) change.output_scale = factor;
    if (change != unchanged) changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace quern
