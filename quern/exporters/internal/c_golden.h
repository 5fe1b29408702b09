#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quern/engine/int_model.h"

namespace quern::internal {

/// golden.h: codes for every input, and what the engine answers.
/// @param inputs  [height, width, channels] of each; random ones from a fixed seed where empty.
/// @throws Error(kInvalidArgument) where the inputs take others.
std::string golden_header(const IntModel& model,
                          const std::vector<std::vector<std::uint8_t>>& inputs);

}  // namespace quern::internal
