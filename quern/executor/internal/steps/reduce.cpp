// Reductions along axes, and Softmax.
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/softmax.h>

#include <numeric>
#include <string>

#include "quern/executor/internal/catalog.h"

namespace quern {

Forward build_reduction(const StepSource& source) {
  const auto* given = source.node.find_attribute<std::vector<std::int64_t>>("axes");
  const bool keep = source.node.attribute<std::int64_t>("keepdims") != 0;
  const std::string op(source.node.op());
  return [keep, op,
          axes = given == nullptr ? std::vector<std::int64_t>{} : *given](Arguments& inputs) {
    std::vector<std::int64_t> chosen = axes;
    if (chosen.empty()) {
      chosen.resize(static_cast<std::size_t>(inputs[0].dim()));
      std::iota(chosen.begin(), chosen.end(), 0);
    }
    if (op == "ReduceMax") return std::vector{at::amax(inputs[0], chosen, keep)};
    if (op == "ReduceMin") return std::vector{at::amin(inputs[0], chosen, keep)};
    return std::vector{at::mean(inputs[0], chosen, keep)};
  };
}

Forward build_softmax(const StepSource& source) {
  const bool is_log = source.node.op() == "LogSoftmax";
  return [is_log, axis = source.node.attribute<std::int64_t>("axis")](Arguments& inputs) {
    return std::vector{is_log ? at::log_softmax(inputs[0], axis) : at::softmax(inputs[0], axis)};
  };
}

}  // namespace quern
