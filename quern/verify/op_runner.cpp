#include "quern/verify/op_runner.h"

#include <algorithm>

#include "quern/base/error.h"
#include "quern/engine/memory_plan.h"
#include "quern/engine/schedule.h"

namespace quern {
namespace {

/// For each tensor that the op reads, the first position at which it does.
std::vector<std::size_t> first_positions(const IntOp& op) {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const auto end = op.inputs.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(op.inputs.begin(), end, op.inputs[i]) == end) positions.push_back(i);
  }
  return positions;
}

std::vector<std::uint8_t> bytes_of(const Integers& codes) {
  std::vector<std::uint8_t> bytes(codes.size());
  std::ranges::transform(codes, bytes.begin(),
                         [](std::int32_t code) { return static_cast<std::uint8_t>(code); });
  return bytes;
}

}  // namespace

IntModel network_of(const IntModel& model, const IntOp& op) {
  IntModel alone;
  IntOp only = op;
  for (const std::size_t position : first_positions(op)) {
    const auto index = static_cast<TensorIndex>(alone.tensors.size());
    alone.tensors.push_back(model.tensors.at(static_cast<std::size_t>(op.inputs[position])));
    alone.inputs.push_back({.tensor = index});
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      if (op.inputs[i] == op.inputs[position]) only.inputs[i] = index;
    }
  }
  only.output = static_cast<TensorIndex>(alone.tensors.size());
  alone.tensors.push_back(model.tensors.at(static_cast<std::size_t>(op.output)));
  alone.outputs = {only.output};
  alone.ops = {std::move(only)};
  alone.schedule = schedule_layers(alone);
  alone.memory = plan_memory(alone);
  return alone;
}

OpRunner::OpRunner(const IntModel& model, const IntOp& op)
    : positions_(first_positions(op)), interpreter_(network_of(model, op)) {}

Integers OpRunner::run(const std::vector<const Integers*>& inputs) {
  const IntModel& alone = interpreter_.model();
  std::vector<std::vector<std::uint8_t>> codes;
  std::vector<IntBuffer> buffers;
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    std::vector<std::uint8_t>& bytes = codes.emplace_back(bytes_of(*inputs.at(positions_[i])));
    buffers.push_back(buffer_for(alone.tensors[i], bytes.data()));
  }
  const IntTensor& output = alone.tensors.back();
  Integers result(static_cast<std::size_t>(output.height) * output.width * output.channels);
  const bool is_wide = output.bits == 32;
  std::vector<std::uint8_t> bytes(is_wide ? 0 : result.size());
  const IntBuffer to[] = {
      buffer_for(output, is_wide ? static_cast<void*>(result.data()) : bytes.data())};
  const RunStatus status = interpreter_.run(buffers, to);
  ensure(status.ok, "{}", status.message);
  if (!is_wide) result.assign(bytes.begin(), bytes.end());
  return result;
}

}  // namespace quern
