#include "quern/engine/check.h"

#include "quern/base/error.h"
#include "quern/engine/internal/check.h"

namespace quern {

void check_ops(const IntModel& model) {
  internal::check_tensors(model);
  for (std::size_t i = 0; i < model.ops.size(); ++i) {
    const IntOp& op = model.ops[i];
    with_context(fmt::format("op {} of layer '{}'", i, op.layer),
                 [&] { internal::check_op(model, op); });
  }
}

void check(const IntModel& model) {
  check_ops(model);
  internal::check_placements(model);
  internal::check_schedule(model);
  internal::check_overlaps(model);
}

}  // namespace quern
