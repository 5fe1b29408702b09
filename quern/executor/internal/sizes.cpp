#include "quern/executor/internal/sizes.h"

#include <algorithm>
#include <set>
#include <span>

#include "quern/base/error.h"
#include "quern/ops/dims.h"

namespace quern {
namespace {

constexpr std::int64_t kMostPerSample = std::int64_t{1} << 28;
constexpr std::int64_t kMostComputed = std::int64_t{1} << 20;

/// Elements of one sample: a first extent that is the batch of an input counts as 1.
std::int64_t elements_per_sample(const Graph& graph, const Dims& dims) {
  const auto is_batch = [&](ValueId input) {
    const auto& of_input = graph.value(input).dims;
    return of_input && !of_input->empty() && !dims.empty() && of_input->front() == dims.front();
  };
  const bool has_batch = std::ranges::any_of(graph.inputs(), is_batch);
  return least_element_count(std::span(dims).subspan(has_batch ? 1 : 0));
}

}  // namespace

void check_sizes(const Graph& graph) {
  std::set<ValueId> constants;
  std::int64_t stored = 0;
  for (const ValueId id : graph.values()) {
    if (!graph.is_constant(id)) continue;
    constants.insert(id);
    stored += graph.value(id).constant->size();
  }
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    const bool is_computed = std::ranges::all_of(
        node.inputs, [&](ValueId input) { return !input || constants.contains(input); });
    const std::int64_t most = is_computed ? std::max(stored, kMostComputed) : kMostPerSample;
    for (const ValueId output : node.outputs) {
      if (!output) continue;
      if (is_computed) constants.insert(output);
      const auto& dims = graph.value(output).dims;
      if (!dims) continue;
      const std::int64_t elements =
          is_computed ? least_element_count(*dims) : elements_per_sample(graph, *dims);
      if (elements <= most) continue;
      fail(ErrorCode::kUnsupported,
           "layer '{}': the result of {} is {}, which is {} elements{} (at most {})", node.layer,
           node.op, to_string(dims), elements, is_computed ? "" : " for one sample", most);
    }
  }
}

}  // namespace quern
