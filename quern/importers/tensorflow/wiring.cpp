#include "quern/importers/tensorflow/wiring.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>

#include "quern/base/error.h"
#include "quern/importers/tensorflow/ops.h"
#include "quern/importers/utf8.h"

namespace quern::tensorflow {
namespace {

/// Ops of training, evaluation and saving. None of them, and nothing that reads them, is part of a
/// network that runs on pictures.
constexpr std::string_view kLeftovers[] = {
    "ArgMax",
    "ArgMin",
    "Assert",
    "Assign",
    "AssignAdd",
    "AssignAddVariableOp",
    "AssignSub",
    "AssignSubVariableOp",
    "AssignVariableOp",
    "Equal",
    "HistogramSummary",
    "ImageSummary",
    "InTopK",
    "InTopKV2",
    "MergeSummary",
    "NoOp",
    "PrintV2",
    "SaveV2",
    "ScalarSummary",
    "SoftmaxCrossEntropyWithLogits",
    "SparseSoftmaxCrossEntropyWithLogits",
    "TensorSummaryV2",
    "TopK",
    "TopKV2",
};

bool is_leftover(const NodeDef& node) {
  return std::ranges::find(kLeftovers, node.op()) != std::end(kLeftovers);
}

/// Labels are integers, switches are bools.
bool feeds_numbers(const NodeDef& node) {
  if (node.op() != "Placeholder" && node.op() != "PlaceholderWithDefault") return false;
  const auto dtype = node.attr().find("dtype");
  if (dtype == node.attr().end()) return true;
  const std::int32_t type = dtype->second.type();
  return type != DT_INT32 && type != DT_INT64 && type != DT_BOOL && type != DT_STRING;
}

/// For every node whether it is one of `from` or reads, directly or not, one of them.
std::vector<bool> reached(const Wiring& wiring, std::vector<int> from) {
  std::vector<bool> found(static_cast<std::size_t>(wiring.size()), false);
  for (const int index : from) found[static_cast<std::size_t>(index)] = true;
  while (!from.empty()) {
    const int index = from.back();
    from.pop_back();
    for (const int reader : wiring.readers(index)) {
      if (found[static_cast<std::size_t>(reader)]) continue;
      found[static_cast<std::size_t>(reader)] = true;
      from.push_back(reader);
    }
  }
  return found;
}

std::vector<int> where(const Wiring& wiring, bool (*holds)(const NodeDef&)) {
  std::vector<int> found;
  for (int i = 0; i < wiring.size(); ++i) {
    if (holds(wiring.node(i))) found.push_back(i);
  }
  return found;
}

void warn_of_leftovers(const Wiring& wiring, const std::vector<bool>& from_input,
                       ImportReport& report) {
  constexpr std::size_t kMostNamed = 3;
  std::vector<std::string> names;
  for (int i = 0; i < wiring.size(); ++i) {
    if (is_leftover(wiring.node(i)) && from_input[static_cast<std::size_t>(i)]) {
      names.push_back(fmt::format("'{}' ({})", wiring.node(i).name(), wiring.node(i).op()));
    }
  }
  if (names.empty()) return;
  report.warnings.push_back(fmt::format(
      "ignored what training or evaluation left in the file: {}{}",
      fmt::join(std::span(names).first(std::min(names.size(), kMostNamed)), ", "),
      names.size() > kMostNamed ? fmt::format(" and {} more", names.size() - kMostNamed) : ""));
}

}  // namespace

Wiring::Wiring(const GraphDef& graph)
    : graph_(graph), inputs_(to_size(graph.node_size())), readers_(to_size(graph.node_size())) {
  for (int i = 0; i < graph.node_size(); ++i) {
    const NodeDef& node = graph.node(i);
    if (node.name().empty()) fail(ErrorCode::kParse, "node {} has no name", i);
    require_utf8(node.name(), "a node");
    require_utf8(node.op(), "an op");
    if (node.op().empty()) fail(ErrorCode::kParse, "layer '{}' names no op", node.name());
    if (!positions_.emplace(node.name(), i).second) {
      fail(ErrorCode::kParse, "the name '{}' is given to two nodes", node.name());
    }
  }
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& input : graph.node(i).input()) {
      if (input.starts_with('^')) continue;
      const Edge edge = find(graph.node(i), input);
      inputs_[to_size(i)].push_back(edge);
      readers_[to_size(edge.node)].push_back(i);
    }
  }
}

Edge Wiring::find(const NodeDef& reader, const std::string& input) const {
  const std::size_t colon = input.rfind(':');
  Edge edge;
  if (colon != std::string::npos) {
    const char* const end = input.data() + input.size();
    const auto [stop, error] = std::from_chars(input.data() + colon + 1, end, edge.port);
    if (error != std::errc() || stop != end || edge.port < 0) {
      fail(ErrorCode::kParse, "layer '{}' reads '{}', expected a node's name, or NAME:OUTPUT",
           reader.name(), input);
    }
  }
  const auto found = positions_.find(input.substr(0, colon));
  if (found == positions_.end()) {
    fail(ErrorCode::kParse, "layer '{}' reads '{}', which no node defines", reader.name(), input);
  }
  edge.node = found->second;
  return edge;
}

std::vector<int> Wiring::in_order(const std::vector<int>& roots) const {
  enum class State : std::uint8_t { kUnseen, kOpen, kDone };
  struct Visit {
    int node;
    std::size_t next_input = 0;
  };
  std::vector<State> states(to_size(size()), State::kUnseen);
  std::vector<int> order;
  for (const int root : roots) {
    std::vector<Visit> path;
    const auto enter = [&](int index) {
      State& state = states[to_size(index)];
      if (state == State::kOpen) {
        // The loops of TensorFlow 1 are cycles through ops of their own.
        const auto loops = [&](const Visit& visit) {
          return is_control_flow(node(visit.node).op());
        };
        if (std::ranges::any_of(path, loops)) {
          fail(ErrorCode::kUnsupported, "layer '{}' is in a loop, and control flow is not read",
               node(index).name());
        }
        fail(ErrorCode::kParse, "layer '{}' depends on itself", node(index).name());
      }
      if (state == State::kDone) return;
      state = State::kOpen;
      path.push_back({index});
    };
    enter(root);
    while (!path.empty()) {
      Visit& visit = path.back();
      if (visit.next_input < inputs(visit.node).size()) {
        enter(inputs(visit.node)[visit.next_input++].node);
        continue;
      }
      states[to_size(visit.node)] = State::kDone;
      order.push_back(visit.node);
      path.pop_back();
    }
  }
  return order;
}

std::vector<int> find_outputs(const Wiring& wiring, ImportReport& report) {
  const std::vector<bool> from_input = reached(wiring, where(wiring, feeds_numbers));
  const std::vector<bool> left_over = reached(wiring, where(wiring, is_leftover));
  std::vector<int> outputs;
  for (int i = 0; i < wiring.size(); ++i) {
    const auto is_left_over = [&](int index) { return left_over[static_cast<std::size_t>(index)]; };
    if (!from_input[static_cast<std::size_t>(i)] || is_left_over(i)) continue;
    if (wiring.inputs(i).empty()) continue;  // A Placeholder is no result.
    if (std::ranges::all_of(wiring.readers(i), is_left_over)) outputs.push_back(i);
  }
  if (outputs.empty()) {
    fail(ErrorCode::kParse,
         "it holds no network: none of its {} nodes computes a result from a Placeholder",
         wiring.size());
  }
  warn_of_leftovers(wiring, from_input, report);
  return outputs;
}

}  // namespace quern::tensorflow
