#include "quern/ops/shape_rules.h"

namespace quern {

extern const OpDef kIdentity{
    .op = "Identity",
    .summary = "x",
    .role = QuantRole::kPreserving,
    .infer = infer_same,
};

}  // namespace quern
