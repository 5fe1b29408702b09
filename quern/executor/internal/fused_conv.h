#pragma once

#include "quern/executor/internal/fusion.h"
#include "quern/executor/internal/step.h"

namespace quern {

/// Whether a kernel of quern's computes this node: a Conv of constant weight and bias.
bool has_conv_kernel(const StepSource& source);

/// Such a Conv and the chain behind it, which goes over each piece of the output while it is in a
/// core's cache.
Forward build_fused_conv(const StepSource& source, const PointwiseChain& chain);

}  // namespace quern
