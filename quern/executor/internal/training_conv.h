#pragma once

#include "quern/executor/internal/step.h"

namespace quern {

/// The step of a Conv in training, by oneDNN. Forwards as at::conv2d; backwards a depthwise
/// convolution of stride 1 is computed as what it is, a convolution with the kernel turned round:
/// oneDNN's own way back takes up to three times as long. Null where pads are uneven.
Forward build_training_conv(const StepSource& source);

}  // namespace quern
