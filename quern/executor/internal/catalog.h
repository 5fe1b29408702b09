#pragma once

#include <string_view>

#include "quern/executor/internal/step.h"

namespace quern {

/// How `op` is compiled; null where there is no float implementation of its own.
BuildStep find_step(std::string_view op);

// One line an op; each is defined in steps/, in the file of its family.
Forward build_average_pool(const StepSource&);
Forward build_arithmetic(const StepSource&);
Forward build_cast(const StepSource&);
Forward build_concat(const StepSource&);
Forward build_conv(const StepSource&);
Forward build_conv_transpose(const StepSource&);
Forward build_extreme(const StepSource&);
Forward build_flatten(const StepSource&);
Forward build_function(const StepSource&);
Forward build_gather(const StepSource&);
Forward build_gemm(const StepSource&);
Forward build_global_pool(const StepSource&);
Forward build_identity(const StepSource&);
Forward build_matmul(const StepSource&);
Forward build_max_pool(const StepSource&);
Forward build_pad(const StepSource&);
Forward build_prelu(const StepSource&);
Forward build_quant(const StepSource&);
Forward build_reduction(const StepSource&);
Forward build_reshape(const StepSource&);
Forward build_resize(const StepSource&);
Forward build_slice(const StepSource&);
Forward build_softmax(const StepSource&);
Forward build_split(const StepSource&);
Forward build_squeeze(const StepSource&);
Forward build_tile(const StepSource&);
Forward build_transpose(const StepSource&);
Forward build_unsqueeze(const StepSource&);

}  // namespace quern
