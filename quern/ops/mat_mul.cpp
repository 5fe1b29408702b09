#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

namespace quern {
namespace {

/// Everything in front of the last two axes.
Dims stack(const Dims& dims) {
  return {dims.begin(),
          dims.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(2, dims.size()))};
}

/// numpy's rule: a vector on the left is one row, on the right one column, and its axis of extent 1
/// does not appear in the result; stacks of matrices broadcast.
std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  check_same_type(graph, node, 0, 1);
  if (!view.dims(0) || !view.dims(1)) return {{view.dtype(0), std::nullopt}};
  const Dims& a = *view.dims(0);
  const Dims& b = *view.dims(1);
  view.check(!a.empty() && !b.empty(), "MatMul reads a scalar: {} · {}", to_string(a),
             to_string(b));
  const Dim& inner_b = b.size() == 1 ? b[0] : b[b.size() - 2];
  view.check(unify(a.back(), inner_b).has_value(),
             "MatMul multiplies {} by {}: the inner extents differ", to_string(a), to_string(b));
  std::optional<Dims> result = broadcast(stack(a), stack(b));
  view.check(result.has_value(), "MatMul multiplies {} by {}: the stacks do not broadcast",
             to_string(a), to_string(b));
  if (a.size() > 1) result->push_back(a[a.size() - 2]);
  if (b.size() > 1) result->push_back(b.back());
  return {{view.dtype(0), std::move(result)}};
}

/// The first axis of the result holds the samples; each of its elements takes one row of A.
std::int64_t macs(const Graph& graph, const Node& node) {
  const std::optional<Dims>& output = graph.value(node.outputs[0]).dims;
  const std::optional<Dims>& a = NodeView(graph, node).dims(0);
  if (!output || !a || a->empty()) return 0;
  const std::size_t sample_axes = output->empty() ? 0 : 1;
  return saturating_multiply(least_element_count(std::span(*output).subspan(sample_axes)),
                             least_element_count(std::span(*a).last(1)));
}

}  // namespace

extern const OpDef kMatMul{
    .op = "MatMul",
    .summary = "matrix product, stacks of matrices broadcast",
    .role = QuantRole::kCompute,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .macs = macs,
};

}  // namespace quern
