#pragma once

#include <string>

#include "quern/engine/int_model.h"

namespace quern::internal {

/// golden.h: random codes for every input, from a fixed seed, and what the engine answers.
std::string golden_header(const IntModel& model);

}  // namespace quern::internal
