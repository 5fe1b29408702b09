#include <algorithm>

#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {
namespace {

/// Where a target says 0, −1 or a free extent, the extent it stands for; −1 is left free with
/// `rest` telling its axis.
struct Target {
  Dims dims;
  std::optional<std::size_t> rest;
};

Target read_target(const NodeView& view, const Dims& input, const SymbolicIntegers& wanted) {
  const bool zero_copies = view.attribute<std::int64_t>("allowzero") == 0;
  Target target;
  for (std::size_t i = 0; i < wanted.elements.size(); ++i) {
    const SymbolicInteger& element = wanted.elements[i];
    if (!element.number) {
      target.dims.push_back({-1, element.symbol});
    } else if (*element.number == -1) {
      view.check(!target.rest, "the target of Reshape has more than one −1");
      target.rest = i;
      target.dims.push_back({});
    } else if (*element.number == 0 && zero_copies) {
      view.check(i < input.size(), "the target of Reshape copies axis {} of an input of shape {}",
                 i, to_string(input));
      target.dims.push_back(input[i]);
    } else {
      view.check(*element.number >= 0, "the target of Reshape has an extent of {}",
                 *element.number);
      target.dims.push_back({*element.number, ""});
    }
  }
  return target;
}

/// Takes out the free extents that appear by name in both, so that the rest can be divided.
void cancel_named(Dims& a, Dims& b) {
  for (Dim& dim : a) {
    if (dim.is_fixed() || dim.symbol.empty()) continue;
    const auto same = std::ranges::find(b, dim);
    if (same == b.end()) continue;
    dim = *same = Dim{1, ""};
  }
}

/// The extent that −1 stands for, or, without a −1, a check that nothing is lost.
void resolve_rest(const NodeView& view, const Dims& input, Target& target) {
  Dims from = input;
  Dims to = target.dims;
  if (target.rest) to[*target.rest] = {1, ""};
  cancel_named(from, to);
  const Dim have = product(from);
  const Dim want = product(to);
  if (!target.rest) {
    view.check(!have.is_fixed() || !want.is_fixed() || have.size == want.size,
               "Reshape turns {} into {}: the number of elements differs", to_string(input),
               to_string(target.dims));
    return;
  }
  if (!want.is_fixed()) return;
  Dim& rest = target.dims[*target.rest];
  if (!have.is_fixed()) {
    if (want.size == 1) rest = have;
    return;
  }
  view.check(want.size > 0 && have.size % want.size == 0,
             "Reshape turns {} into {}: the elements do not divide", to_string(input),
             to_string(target.dims));
  rest = {have.size / want.size, ""};
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  const auto wanted = symbolic_integers(graph, node.inputs[1]);
  view.check_supported(wanted && wanted->shape.size() == 1,
                       "the target '{}' of Reshape is computed from data (supported: a constant, "
                       "or a chain that reads shapes)",
                       view.input(1).name);
  const auto& input = view.dims(0);
  if (!input) return {{view.dtype(0), std::nullopt}};
  Target target = read_target(view, *input, *wanted);
  resolve_rest(view, *input, target);
  return {{view.dtype(0), std::move(target.dims)}};
}

}  // namespace

extern const OpDef kReshape{
    .op = "Reshape",
    .summary = "the same elements under another shape",
    .role = QuantRole::kPreserving,
    .min_inputs = 2,
    .max_inputs = 2,
    .attributes = {{"allowzero", AttributeKind::kInt, std::int64_t{0}}},
    .infer = infer,
};

}  // namespace quern
