#pragma once

#include <cstdint>

namespace quern {

/// The bits of the largest |x| of `count` values. As integers, the bits of non-negative floats are
/// in the order of their values, infinity above all numbers and NaN above infinity.
std::uint32_t max_abs_bits(const float* x, std::int64_t count);

/// Bits of infinity: anything above is NaN.
inline constexpr std::uint32_t kInfinityBits = 0x7F800000;

/// Throws Error(kInvalidArgument) if `bits`, a maximum of |x|, is that of a NaN.
void check_is_number(std::uint32_t bits);

}  // namespace quern
