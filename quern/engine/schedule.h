#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "quern/engine/int_model.h"

namespace quern {

/// Rows begin to end − 1; empty where end ≤ begin.
struct RowRange {
  std::int32_t begin = 0;
  std::int32_t end = 0;

  bool operator==(const RowRange&) const = default;
};

/// The rows of the input at `position` that an op reads for these rows of its output.
RowRange rows_read(const IntModel& model, const IntOp& op, std::size_t position, RowRange output);

/// Every op as a whole, in the order of the model: the schedule that needs the fewest decisions and
/// the most memory.
std::vector<IntStep> schedule_layers(const IntModel& model);

}  // namespace quern
