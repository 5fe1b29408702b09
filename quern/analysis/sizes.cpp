#include "quern/analysis/sizes.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "quern/analysis/dataflow.h"
#include "quern/base/error.h"
#include "quern/ops/dims.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

constexpr std::int64_t kMostPerSample = std::int64_t{1} << 28;
constexpr std::int64_t kMostComputed = std::int64_t{1} << 20;
constexpr std::int64_t kMostComputedInAll = std::int64_t{1} << 24;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 60;  ///< Sums stop here.

/// Elements of one sample: a first extent that is the batch of an input counts as 1.
std::int64_t elements_per_sample(const Graph& graph, const Dims& dims) {
  const auto is_batch = [&](ValueId input) {
    const auto& of_input = graph.value(input).dims;
    return of_input && !of_input->empty() && !dims.empty() && of_input->front() == dims.front();
  };
  const bool has_batch = std::ranges::any_of(graph.inputs(), is_batch);
  return least_element_count(std::span(dims).subspan(has_batch ? 1 : 0));
}

std::int64_t bytes_of(const Graph& graph, ValueId id) {
  const Value& value = graph.value(id);
  if (!value.dims) return 0;
  const auto element = static_cast<std::int64_t>(size_of(value.dtype));
  return std::min(kMostBytes,
                  saturating_multiply(elements_per_sample(graph, *value.dims), element));
}

/// What a Conv needs beside its values: LibTorch writes down every window of small inputs, and what
/// is padded can be much larger than the input.
std::int64_t working_bytes(const Graph& graph, const Node& node) {
  constexpr std::int64_t kSmallInput = 20480;  // Elements; from ATen's choice of convolutions.
  if (node.op != "Conv" && node.op != "ConvTranspose") return 0;
  const auto& input = graph.value(node.inputs.at(0)).dims;
  const auto& weight = graph.value(node.inputs.at(1)).dims;
  const auto& output = graph.value(node.outputs.at(0)).dims;
  if (!input || !weight || !output || output->size() < 3) return 0;
  if (elements_per_sample(graph, *input) > kSmallInput) return 0;
  // Rows of all output positions, as wide as one output channel's kernel.
  const std::int64_t positions = least_element_count(std::span(*output).subspan(2));
  const std::int64_t kernel = least_element_count(std::span(*weight).subspan(1));
  return std::min(kMostBytes, saturating_multiply(saturating_multiply(positions, kernel), 4));
}

/// Ops that write over their input, or show it in another shape, where nothing else reads it.
bool works_in_place(const Graph& graph, const Node& node, const std::vector<std::size_t>& inputs) {
  const QuantRole role = quant_role(graph, node);
  const bool keeps_elements = role == QuantRole::kQuant || role == QuantRole::kAffine ||
                              role == QuantRole::kActivation || node.op == "Flatten" ||
                              node.op == "Reshape" || node.op == "Squeeze" ||
                              node.op == "Unsqueeze";
  return keeps_elements && inputs.size() == 1 && graph.use_count(node.inputs[inputs.front()]) == 1;
}

/// What is alive at the node where most is.
struct Peak {
  std::int64_t bytes = 0;
  NodeId node;
};

Peak peak_per_sample(const Graph& graph) {
  std::map<ValueId, std::size_t> readers;  // That are still to come.
  std::int64_t alive = 0;
  const auto write = [&](ValueId value) {
    readers[value] = graph.use_count(value);
    alive = std::min(kMostBytes, alive + bytes_of(graph, value));
  };
  for (const ValueId input : graph.inputs()) write(input);
  Peak peak{.bytes = alive, .node = {}};
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    const std::vector<std::size_t> inputs = activation_inputs(graph, node);
    if (inputs.empty()) continue;  // Computed once, when the network is compiled.
    const auto read = [&] {
      for (const std::size_t i : inputs) {
        const auto value = readers.find(node.inputs[i]);
        if (value != readers.end() && --value->second == 0) alive -= bytes_of(graph, value->first);
      }
    };
    const bool in_place = works_in_place(graph, node, inputs);
    if (in_place) read();
    for (const ValueId output : node.outputs) {
      if (output) write(output);
    }
    const std::int64_t here = std::min(kMostBytes, alive + working_bytes(graph, node));
    if (here > peak.bytes) peak = {here, id};
    for (const ValueId output : node.outputs) {
      if (output && graph.use_count(output) == 0) alive -= bytes_of(graph, output);
    }
    if (!in_place) read();
  }
  return peak;
}

void check_values(const Graph& graph) {
  std::set<ValueId> constants;
  std::int64_t stored = 0;
  std::int64_t computed = 0;
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
      if (is_computed) computed = std::min(kMostBytes, computed + std::min(kMostBytes, elements));
      const std::int64_t most_in_all = kMostComputedInAll + 4 * stored;
      if (computed > most_in_all) {
        fail(ErrorCode::kUnsupported,
             "layer '{}': up to here constants alone decide {} elements (at most {})", node.layer,
             computed, most_in_all);
      }
      if (elements <= most) continue;
      fail(ErrorCode::kUnsupported,
           "layer '{}': the result of {} is {}, which is {} elements{} (at most {})", node.layer,
           node.op, to_string(dims), elements, is_computed ? "" : " for one sample", most);
    }
  }
}

}  // namespace

void check_sizes(const Graph& graph) {
  check_values(graph);
  const Peak peak = peak_per_sample(graph);
  if (peak.bytes <= kMostBytesPerSample || !peak.node) return;
  const Node& node = graph.node(peak.node);
  fail(ErrorCode::kUnsupported,
       "layer '{}': at this {} the values of one sample take {} bytes (at most {})", node.layer,
       node.op, peak.bytes, kMostBytesPerSample);
}

std::int64_t bytes_per_sample(const Graph& graph) { return peak_per_sample(graph).bytes; }

}  // namespace quern
