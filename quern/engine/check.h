#pragma once

#include "quern/engine/int_model.h"

namespace quern {

/// Holds a model against everything that kernels take for granted: sizes and domains of every
/// field, accumulators that fit int32, a schedule that computes all rows before they are read and
/// keeps them while they are, memory inside the arena that nothing alive shares. A model that
/// passes runs safely on every input.
///
/// @throws Error(kParse) naming the op or tensor, the value found and the value expected.
void check(const IntModel& model);

/// The part of `check` that concerns tensors and ops: what a model without a schedule can promise.
void check_ops(const IntModel& model);

}  // namespace quern
