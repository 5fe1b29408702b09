#pragma once

#include "quern/engine/int_model.h"

namespace quern::internal {

// The parts of `check`, each relying on those above it. All throw Error(kParse).

/// Shapes, bits, grids; every index of a tensor; that every tensor has one producer, before its
/// readers.
void check_tensors(const IntModel& model);

/// One op: the fields of its kind and the shapes around it.
void check_op(const IntModel& model, const IntOp& op);

/// Domains of a requantization with `entries` entries to an output.
void check_requantization(const Requantization& requantization, const IntTensor& output,
                          std::int64_t entries);

/// Placements inside the arena.
void check_placements(const IntModel& model);

/// That every step finds the rows it reads, and that all rows get computed.
void check_schedule(const IntModel& model);

/// That nothing alive in one step shares memory.
void check_overlaps(const IntModel& model);

}  // namespace quern::internal
