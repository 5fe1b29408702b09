#include "quern/engine/internal/lifetimes.h"

#include <algorithm>

#include "quern/engine/memory_plan.h"

namespace quern::internal {

Lifetimes find_lifetimes(const IntModel& model) {
  const auto steps = static_cast<std::int64_t>(model.schedule.size());
  Lifetimes lives{std::vector<Lifetime>(model.tensors.size(), {steps, -1}),
                  std::vector<Lifetime>(model.ops.size(), {steps, -1})};
  const auto tensor = [&](TensorIndex index) -> Lifetime& {
    return lives.tensors[static_cast<std::size_t>(index)];
  };
  for (const IntInput& input : model.inputs) tensor(input.tensor) = {-1, -1};
  for (std::int64_t step = 0; step < steps; ++step) {
    const auto index = static_cast<std::size_t>(model.schedule[static_cast<std::size_t>(step)].op);
    const IntOp& op = model.ops[index];
    Lifetime& life = lives.ops[index];
    life = {std::min(life.first, step), step};
    Lifetime& output = tensor(op.output);
    output = {std::min(output.first, step), step};
    for (const TensorIndex input : op.inputs) tensor(input).last = step;
  }
  for (const TensorIndex output : model.outputs) tensor(output).last = steps;
  return lives;
}

TensorIndex replaced_input(const IntModel& model, const Lifetimes& lifetimes, const IntOp& op) {
  const Lifetime& output = lifetimes.tensors[static_cast<std::size_t>(op.output)];
  const auto op_index = static_cast<std::size_t>(&op - model.ops.data());
  const Lifetime& run = lifetimes.ops[op_index];
  if (run.first != run.last || run.first != output.first) return -1;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Lifetime& input = lifetimes.tensors[static_cast<std::size_t>(op.inputs[i])];
    if (works_in_place(model, op, i) && input.last == run.last) return op.inputs[i];
  }
  return -1;
}

}  // namespace quern::internal
