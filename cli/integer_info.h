#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/integers.h"

namespace quern::cli {

/// {"network", "fold", "rounding", "weight_bytes", "arena_bytes", "source", "inputs", "outputs",
/// "layers": [{"layer", "op", "output", "bits", "weight_bits", "requantization", "bound"}]}
nlohmann::json integers_json(const IntegerFile& file);

/// The same for a person.
std::string integers_text(const IntegerFile& file);

/// Bytes that the packed weights take.
std::int64_t weight_bytes(const IntModel& model);

}  // namespace quern::cli
