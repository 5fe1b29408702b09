#pragma once

#include <cstdint>

#include "quern/engine/int_model.h"

namespace quern {

/// A tensor at the arena's start, all rows, without a gap.
Placement tight_placement(const IntTensor& tensor);

/// Bytes that a placement covers.
std::int64_t bytes(const Placement& placement);

/// Whether the op may write its output over its input at `position`: a kernel that reads an element
/// right before it writes the same one.
bool works_in_place(const IntModel& model, const IntOp& op, std::size_t position);

/// Places all tensors and scratch memories of a model that has a schedule. Two that are alive in
/// one step never overlap, except an output in the place of an input that nobody reads any more. Of
/// tensors that are neither inputs nor outputs only the rows that the schedule needs at once are
/// kept. A tensor lives from the first step that writes it to the last that reads it; inputs from
/// the start, outputs to the end. The largest are placed first, each at the lowest offset that is
/// free during its life; where that takes more than is alive at once, other orders are tried.
///
/// Source of greedy placement by size: Pisarchyk and Lee, "Efficient Memory Management for Deep
/// Neural Net Inference", 2020, arXiv:2001.03288.
MemoryPlan plan_memory(const IntModel& model);

}  // namespace quern
