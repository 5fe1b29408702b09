#pragma once

#include "quern/graph/graph.h"

namespace quern {

/// Refuses networks in which what one sample of a batch gives depends on the others: a mean over
/// axis 0, a kernel computed from the samples, samples that move along axis 0. What runs several
/// samples at a time asks this first. Constants and what computes shapes mix nothing. Needs
/// inferred shapes; extents that are not known are taken to fit.
/// @throws Error(kUnsupported) naming the first such layer in schedule order.
void check_samples_stay_apart(const Graph& graph);

}  // namespace quern
