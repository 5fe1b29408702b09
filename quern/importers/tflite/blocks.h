// Dilated convolutions that a TFLite file writes as three operators.
#pragma once

#include "quern/importers/tflite/model.h"

namespace quern {

/// Makes one operator of each SPACE_TO_BATCH_ND, convolution and BATCH_TO_SPACE_ND that only read
/// each other: the convolution, with the window that they stand for. What moves blocks otherwise
/// stays.
/// @throws Error(kUnsupported) naming the layer where no convolution pads and crops like them.
void join_blocks(TfliteModel& model);

}  // namespace quern
