#pragma once

#include "quern/executor/internal/training_steps.h"

namespace quern {

/// The step of the Quant of a weight, quantized anew in every run from what the weight has become.
Forward build_weight_quant(const StepSource& source, const TrainingContext& context);

/// The step of the Quant of a bias on the product of two scales: rounds, and lets gradients
/// through.
Forward build_bias_quant(const StepSource& source, const TrainingContext& context);

}  // namespace quern
