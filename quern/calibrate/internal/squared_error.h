#pragma once

#include <span>

#include "quern/base/isa.h"
#include "quern/quant/spec.h"

namespace quern {

/// Σ(x − fake_quant(x))² on a grid without zero point. The differences are float32, the sum is
/// double in an order that does not depend on the ISA.
double squared_error(std::span<const float> x, const QuantSpec& spec, float scale,
                     Isa isa = active_isa());

}  // namespace quern
