// Reductions along axes, and Softmax.
#include <ATen/ops/mean.h>
#include <ATen/ops/softmax.h>

#include <numeric>

#include "quern/executor/internal/catalog.h"

namespace quern {

Forward build_reduce_mean(const StepSource& source) {
  const auto* given = source.node.find_attribute<std::vector<std::int64_t>>("axes");
  const bool keep = source.node.attribute<std::int64_t>("keepdims") != 0;
  return [keep, axes = given == nullptr ? std::vector<std::int64_t>{} : *given](Arguments& inputs) {
    std::vector<std::int64_t> every(static_cast<std::size_t>(inputs[0].dim()));
    std::iota(every.begin(), every.end(), 0);
    return std::vector{at::mean(inputs[0], axes.empty() ? every : axes, keep)};
  };
}

Forward build_softmax(const StepSource& source) {
  return [axis = source.node.attribute<std::int64_t>("axis")](Arguments& inputs) {
    return std::vector{at::softmax(inputs[0], axis)};
  };
}

}  // namespace quern
