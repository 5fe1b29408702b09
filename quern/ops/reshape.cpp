#include "quern/ops/reshape.h"

#include <algorithm>

#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {
namespace {

struct Target {
  Dims dims;                        ///< With 0 replaced by what it copies.
  std::optional<std::size_t> rest;  ///< The axis of −1, which is free in `dims`.
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

/// The extent that −1 stands for when `from` holds as many elements as `to` without it; free where
/// that depends on a free extent.
Dim rest_of(const NodeView& view, const Dims& from, const Dims& to) {
  const Dim want = product(to);
  if (!want.is_fixed()) return {};
  const std::int64_t have = least_element_count(from);
  const auto is_free = [](const Dim& dim) { return !dim.is_fixed(); };
  const auto free_count = std::ranges::count_if(from, is_free);
  if (free_count > 0) {
    const bool only_one_left = free_count == 1 && have == want.size;
    return only_one_left ? *std::ranges::find_if(from, is_free) : Dim{};
  }
  view.check(want.size > 0 && have % want.size == 0,
             "Reshape turns {} elements into a multiple of {}", have, want.size);
  return {have / want.size, ""};
}

/// Finds the extent of −1, or, where there is none, checks that no element is lost.
void resolve(const NodeView& view, const Dims& input, Target& target) {
  Dims from = input;
  Dims to = target.dims;
  if (target.rest) to[*target.rest] = {1, ""};
  cancel_named(from, to);
  if (target.rest) {
    target.dims[*target.rest] = rest_of(view, from, to);
    return;
  }
  const Dim have = product(from);
  const Dim want = product(to);
  view.check(!have.is_fixed() || !want.is_fixed() || have.size == want.size,
             "Reshape turns {} into {}: the number of elements differs", to_string(input),
             to_string(target.dims));
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
  resolve(view, *input, target);
  return {{view.dtype(0), std::move(target.dims)}};
}

}  // namespace

std::optional<std::vector<std::int64_t>> constant_reshape_target(const Graph& graph,
                                                                 const Node& node) {
  const std::optional<Dims>& input = NodeView(graph, node).dims(0);
  const std::optional<Dims>& output = graph.value(node.outputs[0]).dims;
  if (!input || !output) return std::nullopt;
  std::vector<std::int64_t> target;
  for (std::size_t i = 0; i < output->size(); ++i) {
    const Dim& dim = (*output)[i];
    // Axis 0 is the batch, whatever its size in this graph.
    const bool may_vary = i == 0 ? dim.is_fixed() || !dim.symbol.empty() : !dim.symbol.empty();
    const bool stays = may_vary && i < input->size() && (*input)[i] == dim;
    target.push_back(stays ? 0 : dim.size);
    // As a target, an empty axis would copy the input's.
    if (!stays && dim.size == 0) return std::nullopt;
  }
  if (std::ranges::count(target, -1) > 1) return std::nullopt;
  return target;
}

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
