#pragma once

#include <cstdint>

#include "quern/engine/int_model.h"

namespace quern {

/// The largest magnitude of any sum that a kernel forms for an output channel, partial sums
/// included, over all inputs: Σ |v| · x + |zero| · Σ x + |bias| with every x at its largest code.
/// An op is safe where this stays below kAccumulatorEnd for all channels.
std::int64_t accumulator_bound(const IntConv& conv, std::int32_t input_bits, std::int32_t channel);

/// The same of the other ops that accumulate.
std::int64_t accumulator_bound(const IntAveragePool& pool, const IntTensor& input);
std::int64_t accumulator_bound(const IntAdd& add, std::int32_t bits_a, std::int32_t bits_b);
std::int64_t accumulator_bound(const IntAffine& affine, std::int32_t input_bits,
                               std::int32_t channel);

/// Bounds from here on do not fit; the largest int32 itself stays free for thresholds that nothing
/// reaches.
inline constexpr std::int64_t kAccumulatorEnd = INT32_MAX;

}  // namespace quern
