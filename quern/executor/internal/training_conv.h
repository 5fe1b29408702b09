#pragma once

#include "quern/executor/internal/conv_function.h"
#include "quern/executor/internal/step.h"

namespace quern {

/// Normalizes what a convolution reads: of inputs (x, γ, β, running mean, running variance, moments
/// of x), which are replaced by x as the convolution is to read it.
using NormalizeInput = std::function<NormalizedInput(const Arguments&)>;

/// Whether a convolution in training takes its input through a normalization.
bool reads_normalized(const StepSource& source);

/// The step of a Conv in training: inputs x, weight, bias; outputs y and, where `measures`, its
/// moments. By quern's kernels where `conv_kind` knows one and there is no bias, else by oneDNN;
/// there a depthwise convolution of stride 1 goes backwards as what that is, a convolution with the
/// kernel turned round, since oneDNN's own way back takes up to three times as long. Null where
/// pads are uneven.
Forward build_training_conv(const StepSource& source, bool measures);

/// The same of inputs x, γ, β, running mean, running variance, moments of x, weight, for what
/// `reads_normalized`.
Forward build_normalized_conv(const StepSource& source, bool measures, NormalizeInput normalize);

}  // namespace quern
