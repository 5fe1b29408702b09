// Ops that give the same values another shape, type or order of dimensions.
#include <algorithm>
#include <numeric>

#include "quern/executor/internal/catalog.h"
#include "quern/executor/internal/torch_tensor.h"

namespace quern {
namespace {

Forward reshape_to(std::function<std::vector<std::int64_t>(at::IntArrayRef)> shape_of) {
  return [shape_of = std::move(shape_of)](Arguments& inputs) {
    return std::vector{inputs[0].reshape(shape_of(inputs[0].sizes()))};
  };
}

/// Non-negative positions of `axes` among `rank` dimensions, ascending.
std::vector<std::int64_t> positions(std::vector<std::int64_t> axes, std::size_t rank) {
  for (std::int64_t& axis : axes) {
    if (axis < 0) axis += static_cast<std::int64_t>(rank);
  }
  std::sort(axes.begin(), axes.end());
  return axes;
}

}  // namespace

Forward build_identity(const StepSource&) {
  return [](Arguments& inputs) { return std::vector{inputs[0]}; };
}

Forward build_cast(const StepSource& source) {
  const auto& output = source.node.graph().value(source.node.node().outputs[0]);
  return [type = torch_type(output.dtype)](Arguments& inputs) {
    return std::vector{inputs[0].to(type)};
  };
}

Forward build_flatten(const StepSource& source) {
  return reshape_to([axis = source.node.attribute<std::int64_t>("axis")](at::IntArrayRef sizes) {
    const auto rank = static_cast<std::int64_t>(sizes.size());
    const auto split = sizes.begin() + (axis < 0 ? axis + rank : axis);
    const auto product = [](auto first, auto last) {
      return std::accumulate(first, last, std::int64_t{1}, std::multiplies<>());
    };
    return std::vector{product(sizes.begin(), split), product(split, sizes.end())};
  });
}

Forward build_reshape(const StepSource& source) {
  std::vector<std::int64_t> target = source.integers(1);
  const auto* allow_zero = source.node.find_attribute<std::int64_t>("allowzero");
  const bool zero_copies = allow_zero == nullptr || *allow_zero == 0;

  // A shape that repeats the batch extent of the graph means whatever batch a run has.
  const auto& dims = source.node.dims(0);
  const bool keeps_batch = dims && !dims->empty() && !target.empty() && dims->front().is_fixed() &&
                           dims->front().size == target[0];
  if (keeps_batch && zero_copies) target[0] = 0;

  return reshape_to([target, zero_copies](at::IntArrayRef sizes) {
    std::vector<std::int64_t> shape = target;
    for (std::size_t i = 0; zero_copies && i < shape.size(); ++i) {
      if (shape[i] == 0) shape[i] = sizes[i];
    }
    return shape;
  });
}

Forward build_squeeze(const StepSource& source) {
  const bool all = !source.node.has_input(1);
  return reshape_to([all, axes = all ? std::vector<std::int64_t>{}
                                     : source.integers(1)](at::IntArrayRef sizes) {
    const std::vector<std::int64_t> gone = positions(axes, sizes.size());
    std::vector<std::int64_t> shape;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const bool named = std::binary_search(gone.begin(), gone.end(), static_cast<std::int64_t>(i));
      if (all ? sizes[i] != 1 : !named) shape.push_back(sizes[i]);
    }
    return shape;
  });
}

Forward build_unsqueeze(const StepSource& source) {
  return reshape_to([axes = source.integers(1)](at::IntArrayRef sizes) {
    std::vector<std::int64_t> shape = sizes.vec();
    for (const std::int64_t axis : positions(axes, sizes.size() + axes.size())) {
      shape.insert(shape.begin() + axis, 1);
    }
    return shape;
  });
}

Forward build_transpose(const StepSource& source) {
  const auto* perm = source.node.find_attribute<std::vector<std::int64_t>>("perm");
  return [order = perm == nullptr ? std::vector<std::int64_t>{} : *perm](Arguments& inputs) {
    if (!order.empty()) return std::vector{inputs[0].permute(order)};
    std::vector<std::int64_t> reversed(static_cast<std::size_t>(inputs[0].dim()));
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    return std::vector{inputs[0].permute(reversed)};
  };
}

}  // namespace quern
