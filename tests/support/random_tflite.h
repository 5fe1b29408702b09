#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/support/tflite_model.h"

namespace quern::test {

/// The ops of which `random_tflite` makes files.
std::vector<std::string_view> random_tflite_ops();

/// A file of one op with shapes, options and numbers drawn from `seed`: in float32, with float16
/// weights, or on grids of int8, uint8 or int16.
TfliteFile random_tflite(std::string_view op, std::uint64_t seed);

}  // namespace quern::test
