// The 16-bit floating-point formats of model files, as the float32 that each exactly is.
#pragma once

#include <cstdint>

namespace quern {

/// IEEE 754 binary16, infinities and NaN included.
float widen_float16(std::uint16_t bits);

/// bfloat16: the upper half of a float32.
float widen_bfloat16(std::uint16_t bits);

}  // namespace quern
