#pragma once

#include <optional>
#include <string>

#include "quern/engine/int_model.h"

namespace quern {

/// Where two integer networks that should be one are not.
struct ModelDifference {
  std::string layer;     ///< The first, in the order of the ops; empty where it is no layer's.
  std::string sentence;  ///< "bias 3 is 17, expected 16"
};

/// The first difference in what the networks compute; schedule, memory and provenance are no part
/// of that. None where they are one.
std::optional<ModelDifference> find_difference(const IntModel& found, const IntModel& expected);

}  // namespace quern
