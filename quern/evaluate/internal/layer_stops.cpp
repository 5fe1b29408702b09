#include "quern/evaluate/internal/layer_stops.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "quern/graph/part.h"

namespace quern::internal {
namespace {

using Known = std::map<ValueId, std::size_t>;  ///< Stops by value.

/// The stops that `value` is computed from.
std::vector<std::size_t> sources_of(const Graph& graph, ValueId value, const Known& known) {
  std::set<std::size_t> sources;
  std::set<ValueId> seen;
  std::vector<ValueId> open = {value};
  while (!open.empty()) {
    const ValueId current = open.back();
    open.pop_back();
    if (!current || graph.is_constant(current) || !seen.insert(current).second) continue;
    if (const auto found = known.find(current); found != known.end()) {
      sources.insert(found->second);
    } else if (const Node* producer = graph.producer(current)) {
      open.insert(open.end(), producer->inputs.begin(), producer->inputs.end());
    }
  }
  return {sources.begin(), sources.end()};
}

std::unique_ptr<Plan> plan_of(const Graph& graph, const std::vector<ValueId>& sources,
                              ValueId value, QuantMode mode) {
  const Graph stretch = part(graph, sources, {value});
  return std::make_unique<Plan>(stretch,
                                PlanOptions{.mode = mode, .taps = {stretch.outputs().front()}});
}

std::int64_t elements_of(const Dims& dims) {
  std::int64_t elements = 1;
  for (std::size_t axis = 1; axis < dims.size(); ++axis) {
    elements *= std::max<std::int64_t>(dims[axis].size, 1);
  }
  return elements;
}

class Stops {
 public:
  Stops(const Graph& graph, const Graph& reference) : graph_(graph), reference_(reference) {
    const ValueId input = graph.inputs().at(0);
    add({.value = input, .elements = elements_of(*graph.value(input).dims)},
        reference.inputs().at(0));
  }

  void add(std::size_t index, const LayerGroup& group) {
    variants_ += group.is_quantized() ? 1 : 0;
    if (!group.output) return;
    const Value& value = graph_.value(*group.output);
    const auto counterpart = reference_.find_value(value.name);
    if (!counterpart || !has_rows(value)) return;
    LayerStop stop{.group = index, .value = value.id};
    stop.sources = sources_of(graph_, value.id, known_);
    stop.reference_sources = sources_of(reference_, *counterpart, known_in_reference_);
    stop.quantized = plan_of(graph_, values(stop.sources, false), value.id, QuantMode::kFakeQuant);
    stop.reference =
        plan_of(reference_, values(stop.reference_sources, true), *counterpart, QuantMode::kFloat);
    stop.elements = elements_of(*value.dims);
    add(std::move(stop), *counterpart);
  }

  std::vector<LayerStop> finish() && {
    for (std::size_t i = 0; i < stops_.size(); ++i) {
      for (const std::size_t source : stops_[i].sources) stops_[source].last_reader = i;
      for (const std::size_t source : stops_[i].reference_sources) {
        stops_[source].last_reader = i;
      }
    }
    for (LayerStop& stop : stops_) {
      if (graph_.is_output(stop.value)) stop.last_reader = kKept;
    }
    return std::move(stops_);
  }

 private:
  /// Float32 with the samples along the first axis, as the network's input has them.
  bool has_rows(const Value& value) const {
    const Dims& input = *graph_.value(graph_.inputs()[0]).dims;
    return value.dtype == DType::kFloat32 && value.dims && !value.dims->empty() &&
           value.dims->front() == input.front();
  }

  void add(LayerStop stop, ValueId counterpart) {
    stop.variants = variants_;
    known_[stop.value] = stops_.size();
    known_in_reference_[counterpart] = stops_.size();
    counterparts_.push_back(counterpart);
    stops_.push_back(std::move(stop));
  }

  std::vector<ValueId> values(const std::vector<std::size_t>& sources, bool in_reference) const {
    std::vector<ValueId> found;
    for (const std::size_t source : sources) {
      found.push_back(in_reference ? counterparts_[source] : stops_[source].value);
    }
    return found;
  }

  const Graph& graph_;
  const Graph& reference_;
  std::vector<LayerStop> stops_;
  std::vector<ValueId> counterparts_;
  Known known_, known_in_reference_;
  std::size_t variants_ = 0;
};

}  // namespace

std::vector<LayerStop> layer_stops(const Graph& graph, const Graph& reference,
                                   const std::vector<LayerGroup>& groups) {
  Stops stops(graph, reference);
  for (std::size_t i = 0; i < groups.size(); ++i) stops.add(i, groups[i]);
  return std::move(stops).finish();
}

std::int64_t bytes_of_variants(const std::vector<LayerStop>& stops) {
  std::int64_t most = 0;
  for (std::size_t now = 1; now < stops.size(); ++now) {
    std::int64_t elements = stops[now].elements;
    for (std::size_t i = 0; i < now; ++i) {
      const bool is_alive = stops[i].last_reader == kKept || stops[i].last_reader >= now;
      elements += is_alive ? stops[i].elements : 0;
    }
    const auto rows = static_cast<std::int64_t>(stops[now].variants) + 1;
    most = std::max(most, rows * elements * static_cast<std::int64_t>(sizeof(float)));
  }
  return most;
}

}  // namespace quern::internal
