#include <numeric>

#include "quern/ops/dims.h"
#include "quern/ops/index_range.h"
#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;

/// A list that has to be known; `fallback` where the input is omitted.
Integers list(const NodeView& slice, std::size_t index, const Integers& fallback) {
  if (!slice.has_input(index)) return fallback;
  const auto found = known_integers(slice.graph(), slice.node().inputs[index]);
  slice.check_supported(found.has_value(), "'{}' of Slice is not constant",
                        slice.input(index).name);
  slice.check(found->size() == fallback.size(), "Slice reads {} elements of '{}', expected {}",
              found->size(), slice.input(index).name, fallback.size());
  return *found;
}

/// Of a free extent only "everything" has a name.
Dim sliced(const NodeView& slice, const Dim& dim, std::int64_t start, std::int64_t end,
           std::int64_t step) {
  if (dim.is_fixed()) return {slice_range(slice, dim.size, start, end, step).count, ""};
  const bool takes_all = start == 0 && end > kMaxElements && step == 1;
  return takes_all ? dim : Dim{};
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView slice(graph, node);
  const auto starts = known_integers(graph, node.inputs[1]);
  slice.check_supported(starts.has_value(), "'{}' of Slice is not constant", slice.input(1).name);
  const std::size_t count = starts->size();
  Integers first_axes(count);
  std::iota(first_axes.begin(), first_axes.end(), std::int64_t{0});
  const Integers ends = list(slice, 2, Integers(count, 0));
  const Integers axes = list(slice, 3, first_axes);
  const Integers steps = list(slice, 4, Integers(count, 1));
  const auto& input = slice.dims(0);
  if (!input) return {{slice.dtype(0), std::nullopt}};
  Dims result = *input;
  for (std::size_t i = 0; i < count; ++i) {
    Dim& dim = result[slice.axis(axes[i], result.size())];
    dim = sliced(slice, dim, (*starts)[i], ends[i], steps[i]);
  }
  return {{slice.dtype(0), std::move(result)}};
}

}  // namespace

extern const OpDef kSlice{
    .op = "Slice",
    .summary = "every step-th element from start to end along some axes",
    .role = QuantRole::kPreserving,
    .min_inputs = 3,
    .max_inputs = 5,
    .infer = infer,
};

}  // namespace quern
