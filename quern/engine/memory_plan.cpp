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

/// Gives every block the lowest offset that no placed block of an overlapping life covers.
/// @return the end of the highest.
std::int64_t place_largest_first(std::vector<Block> blocks) {
  std::ranges::stable_sort(blocks, std::greater(), &Block::size);
  std::vector<const Block*> placed;  // By offset.
  std::int64_t end = 0;
  for (const Block& block : blocks) {
    std::int64_t offset = 0;
    for (const Block* other : placed) {
      if (!other->life.overlaps(block.life)) continue;
      if (*other->offset >= offset + block.size) break;
      offset = std::max(offset, *other->offset + other->size);
    }
    *block.offset = offset;
    end = std::max(end, offset + block.size);
    const auto place = std::ranges::upper_bound(placed, offset, std::less(),
                                                [](const Block* other) { return *other->offset; });
    placed.insert(place, &block);
  }
  return end;
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
  plan.arena_bytes = place_largest_first(std::move(wanted));
  for (std::size_t i = 0; i < owner.size(); ++i) {
    plan.tensors[i].offset = plan.tensors[owner[i]].offset;
  }
  return plan;
}

}  // namespace quern
