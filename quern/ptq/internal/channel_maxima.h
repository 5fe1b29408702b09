#pragma once

#include <string>
#include <vector>

#include "quern/ptq/activation_walk.h"

namespace quern::internal {

/// The largest |x| per channel, dimension 1, of each of `values` in the float network, over all
/// pictures: one sweep. The same for any number of threads.
/// @param title  What the progress bar says.
/// @throws Error(kInvalidArgument) for no pictures, Error(kParse) for an infinite activation.
std::vector<std::vector<float>> channel_maxima(const Graph& graph,
                                               const std::vector<ValueId>& values,
                                               const CalibrationData& data,
                                               const std::string& title);

}  // namespace quern::internal
