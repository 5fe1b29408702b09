#include <map>
#include <vector>

#include "quern/engine/internal/check.h"
#include "quern/engine/internal/demand.h"
#include "quern/engine/internal/lifetimes.h"
#include "quern/engine/kernel_args.h"
#include "quern/engine/memory_plan.h"
#include "quern/engine/schedule.h"

namespace quern::internal {
namespace {

void check_offset(std::int64_t offset, std::int64_t size, std::int64_t arena_bytes) {
  demand(offset >= 0 && offset % kArenaAlignment == 0,
         "it lies at offset {}, expected a multiple of {}", offset, kArenaAlignment);
  demand(offset <= arena_bytes && size <= arena_bytes - offset,
         "its {} bytes at offset {} leave the arena of {} bytes", size, offset, arena_bytes);
}

void check_placement(const IntTensor& tensor, const Placement& place, std::int64_t arena_bytes) {
  const Placement tight = tight_placement(tensor);
  demand(place.rows >= 1 && place.rows <= tensor.height, "it keeps {} rows of {}", place.rows,
         tensor.height);
  demand(place.pixel_bytes >= tight.pixel_bytes, "a pixel takes {} bytes, not {}",
         tight.pixel_bytes, place.pixel_bytes);
  demand(std::int64_t{place.pixel_bytes} * tensor.width <= place.row_bytes,
         "{} pixels of {} bytes do not fit a row of {}", tensor.width, place.pixel_bytes,
         place.row_bytes);
  demand(bytes(place) <= INT32_MAX, "it takes more than {} bytes", INT32_MAX);
  check_offset(place.offset, bytes(place), arena_bytes);
}

/// The memory in use in a step, by offset.
class Occupancy {
 public:
  void enter(std::int64_t offset, std::int64_t size, std::int64_t step) {
    if (size == 0) return;
    const auto after = ranges_.upper_bound(offset);
    const bool overlaps_next = after != ranges_.end() && after->first < offset + size;
    const bool overlaps_previous = after != ranges_.begin() && std::prev(after)->second > offset;
    demand(!overlaps_next && !overlaps_previous,
           "step {} writes memory at offset {} that is still in use", step, offset);
    ranges_[offset] = offset + size;
  }

  void leave(std::int64_t offset) { ranges_.erase(offset); }

 private:
  std::map<std::int64_t, std::int64_t> ranges_;  ///< Offset to end.
};

}  // namespace

void check_placements(const IntModel& model) {
  const MemoryPlan& memory = model.memory;
  demand(memory.arena_bytes >= 0 && memory.arena_bytes <= INT32_MAX,
         "the arena has {} bytes, expected at most {}", memory.arena_bytes, INT32_MAX);
  demand(memory.tensors.size() == model.tensors.size() && memory.scratch.size() == model.ops.size(),
         "memory is planned for {} tensors and {} ops, there are {} and {}", memory.tensors.size(),
         memory.scratch.size(), model.tensors.size(), model.ops.size());
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    with_context(fmt::format("tensor '{}'", model.tensors[i].name),
                 [&] { check_placement(model.tensors[i], memory.tensors[i], memory.arena_bytes); });
  }
  for (std::size_t i = 0; i < model.ops.size(); ++i) {
    with_context(fmt::format("scratch memory of op {}", i), [&] {
      check_offset(memory.scratch[i], scratch_bytes(model, model.ops[i]), memory.arena_bytes);
    });
  }
}

void check_schedule(const IntModel& model) {
  std::vector<std::int32_t> computed(model.tensors.size());  // Rows so far.
  const auto rows = [&](TensorIndex index) -> std::int32_t& {
    return computed[static_cast<std::size_t>(index)];
  };
  const auto is_whole = [&](TensorIndex index) {
    const auto i = static_cast<std::size_t>(index);
    return rows(index) == model.tensors[i].height &&
           model.memory.tensors[i].rows == model.tensors[i].height;
  };
  for (const IntInput& input : model.inputs) {
    rows(input.tensor) = model.tensors[static_cast<std::size_t>(input.tensor)].height;
    demand(is_whole(input.tensor), "input {} does not lie in memory as a whole", input.tensor);
  }
  for (std::size_t i = 0; i < model.schedule.size(); ++i) {
    const IntStep& step = model.schedule[i];
    demand(step.op >= 0 && step.op < std::ssize(model.ops), "step {} runs op {}, there are {}", i,
           step.op, model.ops.size());
    const IntOp& op = model.ops[static_cast<std::size_t>(step.op)];
    const std::int32_t height = model.tensors[static_cast<std::size_t>(op.output)].height;
    demand(step.row_begin == rows(op.output) && step.row_begin < step.row_end &&
               step.row_end <= height,
           "step {} computes rows {} to {} of op {}, expected rows from {} on, of {}", i,
           step.row_begin, step.row_end, step.op, rows(op.output), height);
    for (std::size_t k = 0; k < op.inputs.size(); ++k) {
      const RowRange read = rows_read(model, op, k, {step.row_begin, step.row_end});
      const auto kept = model.memory.tensors[static_cast<std::size_t>(op.inputs[k])].rows;
      demand(read.end <= read.begin ||
                 (read.end <= rows(op.inputs[k]) && read.begin >= rows(op.inputs[k]) - kept),
             "step {} reads rows {} to {} of tensor {}, which has {} and keeps {}", i, read.begin,
             read.end, op.inputs[k], rows(op.inputs[k]), kept);
    }
    rows(op.output) = step.row_end;
  }
  for (const TensorIndex output : model.outputs) {
    demand(is_whole(output), "output {} is not computed, or not kept, as a whole", output);
  }
}

void check_overlaps(const IntModel& model) {
  const Lifetimes lives = find_lifetimes(model);
  Occupancy occupancy;
  const auto place = [&](TensorIndex index) -> const Placement& {
    return model.memory.tensors[static_cast<std::size_t>(index)];
  };
  const auto life = [&](TensorIndex index) {
    return lives.tensors[static_cast<std::size_t>(index)];
  };
  for (const IntInput& input : model.inputs) {
    occupancy.enter(place(input.tensor).offset, bytes(place(input.tensor)), -1);
  }
  for (const IntInput& input : model.inputs) {
    if (life(input.tensor).last < 0)
      occupancy.leave(place(input.tensor).offset);  // Nobody reads it.
  }
  for (std::int64_t step = 0; step < std::ssize(model.schedule); ++step) {
    const auto index = static_cast<std::size_t>(model.schedule[static_cast<std::size_t>(step)].op);
    const IntOp& op = model.ops[index];
    const std::int64_t scratch_size = scratch_bytes(model, op);
    if (lives.ops[index].first == step) {
      occupancy.enter(model.memory.scratch[index], scratch_size, step);
    }
    if (life(op.output).first == step) {
      const TensorIndex replaced = replaced_input(model, lives, op);
      if (replaced >= 0 && place(replaced) == place(op.output)) {
        occupancy.leave(place(replaced).offset);
      }
      occupancy.enter(place(op.output).offset, bytes(place(op.output)), step);
    }
    if (scratch_size > 0 && lives.ops[index].last == step) {
      occupancy.leave(model.memory.scratch[index]);
    }
    std::vector<TensorIndex> ended = op.inputs;
    ended.push_back(op.output);
    for (const TensorIndex tensor : ended) {
      const bool was_replaced =
          tensor != op.output && place(tensor).offset == place(op.output).offset;
      if (life(tensor).last == step && !was_replaced) occupancy.leave(place(tensor).offset);
    }
  }
}

}  // namespace quern::internal
