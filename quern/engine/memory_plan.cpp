#include "quern/engine/memory_plan.h"

#include <algorithm>
#include <variant>
#include <vector>

#include "quern/engine/internal/lifetimes.h"
#include "quern/engine/kernel_args.h"
#include "quern/engine/schedule.h"

namespace quern {
namespace {

using internal::Lifetime;

/// Bytes that need a place during a life.
struct Block {
  std::int64_t size = 0;
  Lifetime life;
  std::int64_t* offset = nullptr;  ///< Where the answer goes.
};

std::int64_t rounded_up(std::int64_t size) {
  return (size + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

/// Rows of every tensor that the schedule needs in memory at once. A buffer of fewer rows than the
/// tensor has is used in rotation.
std::vector<std::int32_t> find_kept_rows(const IntModel& model) {
  std::vector<std::int32_t> computed(model.tensors.size()), kept(model.tensors.size(), 1);
  for (const IntInput& input : model.inputs) {
    const auto i = static_cast<std::size_t>(input.tensor);
    computed[i] = kept[i] = model.tensors[i].height;
  }
  for (const IntStep& step : model.schedule) {
    const IntOp& op = model.ops[static_cast<std::size_t>(step.op)];
    for (std::size_t position = 0; position < op.inputs.size(); ++position) {
      const auto i = static_cast<std::size_t>(op.inputs[position]);
      const RowRange read = rows_read(model, op, position, {step.row_begin, step.row_end});
      if (read.begin < read.end) kept[i] = std::max(kept[i], computed[i] - read.begin);
    }
    computed[static_cast<std::size_t>(op.output)] = step.row_end;
  }
  for (const TensorIndex output : model.outputs) {
    const auto i = static_cast<std::size_t>(output);
    kept[i] = model.tensors[i].height;
  }
  return kept;
}

/// Gives every block, in this order, the lowest offset that no block placed before it covers while
/// both are alive. @return the position of the one that ends highest.
std::size_t place(const std::vector<const Block*>& order, std::vector<std::int64_t>& offsets) {
  std::vector<std::size_t> placed;  // Positions in `order`, by offset.
  const auto end_of = [&](std::size_t i) { return offsets[i] + order[i]->size; };
  std::size_t highest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    offsets[i] = 0;
    for (const std::size_t other : placed) {
      if (!order[other]->life.overlaps(order[i]->life)) continue;
      if (offsets[other] >= end_of(i)) break;
      offsets[i] = std::max(offsets[i], end_of(other));
    }
    if (end_of(i) > end_of(highest)) highest = i;
    const auto at =
        std::ranges::upper_bound(placed, offsets[i], {}, [&](std::size_t j) { return offsets[j]; });
    placed.insert(at, i);
  }
  return highest;
}

/// No plan needs less: the most that is alive at once.
std::int64_t most_alive(const std::vector<Block>& blocks) {
  std::int64_t most = 0;
  for (const Block& start : blocks) {
    std::int64_t alive = 0;
    for (const Block& other : blocks) {
      const bool is_alive =
          other.life.first <= start.life.first && start.life.first <= other.life.last;
      if (is_alive) alive += other.size;
    }
    most = std::max(most, alive);
  }
  return most;
}

/// Places the largest first. Where that leaves gaps, the block that ends highest goes first and all
/// are placed anew, as long as that may help. @return where the highest ends.
std::int64_t place_all(const std::vector<Block>& blocks) {
  constexpr int kTries = 64;
  if (blocks.empty()) return 0;
  std::vector<const Block*> order;
  for (const Block& block : blocks) order.push_back(&block);
  std::ranges::stable_sort(order, std::greater(), &Block::size);
  const std::int64_t least = most_alive(blocks);
  std::int64_t best = INT64_MAX;
  std::vector<std::int64_t> offsets(order.size());
  for (int i = 0; i < kTries && best > least; ++i) {
    const std::size_t highest = place(order, offsets);
    const std::int64_t end = offsets[highest] + order[highest]->size;
    if (end < best) {
      best = end;
      for (std::size_t j = 0; j < order.size(); ++j) *order[j]->offset = offsets[j];
    }
    const auto promoted = order.begin() + static_cast<std::ptrdiff_t>(highest);
    std::rotate(order.begin(), promoted, promoted + 1);
  }
  return best;
}

}  // namespace

Placement tight_placement(const IntTensor& tensor) {
  const std::int32_t pixel_bytes = (tensor.channels * tensor.bits + 7) / 8;
  return {0, pixel_bytes, tensor.width * pixel_bytes, tensor.height};
}

std::int64_t bytes(const Placement& placement) {
  return std::int64_t{placement.rows} * placement.row_bytes;
}

bool works_in_place(const IntModel& model, const IntOp& op, std::size_t position) {
  const bool is_elementwise = std::holds_alternative<IntAdd>(op.kind) ||
                              std::holds_alternative<IntAffine>(op.kind) ||
                              std::holds_alternative<IntLookup>(op.kind);
  // Codes that share a byte do not: writing the first clears the others.
  return is_elementwise && model.tensors[static_cast<std::size_t>(op.output)].bits == 8 &&
         model.tensors[static_cast<std::size_t>(op.inputs[position])].bits == 8;
}

MemoryPlan plan_memory(const IntModel& model) {
  const internal::Lifetimes lives = internal::find_lifetimes(model);
  MemoryPlan plan;
  const std::vector<std::int32_t> kept_rows = find_kept_rows(model);
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    plan.tensors.push_back(tight_placement(model.tensors[i]));
    plan.tensors[i].rows = kept_rows[i];
  }
  plan.scratch.resize(model.ops.size());

  // Tensors that take each other's place are one block, of the first of them.
  std::vector<std::size_t> owner(model.tensors.size());
  std::vector<Block> blocks(model.tensors.size());
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    owner[i] = i;
    blocks[i] = {rounded_up(bytes(plan.tensors[i])), lives.tensors[i], &plan.tensors[i].offset};
  }
  for (const IntOp& op : model.ops) {
    const TensorIndex replaced = internal::replaced_input(model, lives, op);
    const auto output = static_cast<std::size_t>(op.output);
    if (replaced < 0 || plan.tensors[static_cast<std::size_t>(replaced)] != plan.tensors[output]) {
      continue;
    }
    owner[output] = owner[static_cast<std::size_t>(replaced)];
    Lifetime& life = blocks[owner[output]].life;
    life.last = std::max(life.last, lives.tensors[output].last);
  }
  std::vector<Block> wanted;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (owner[i] == i) wanted.push_back(blocks[i]);
  }
  for (std::size_t i = 0; i < model.ops.size(); ++i) {
    const std::int64_t size = rounded_up(scratch_bytes(model, model.ops[i]));
    if (size > 0) wanted.push_back({size, lives.ops[i], &plan.scratch[i]});
  }
  plan.arena_bytes = place_all(wanted);
  for (std::size_t i = 0; i < owner.size(); ++i) {
    plan.tensors[i].offset = plan.tensors[owner[i]].offset;
  }
  return plan;
}

}  // namespace quern
