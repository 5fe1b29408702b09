#pragma once

#include <cstdint>
#include <vector>

namespace quern {

/// Elements of the arrays that a pass over `channels` repeats: enough to fill vector registers
/// however few the channels.
std::int64_t repeated_period(std::int64_t channels);

/// One value, or one per channel, or `fallback` where there are none, repeated to `period`
/// elements.
std::vector<float> repeated(const std::vector<float>& values, float fallback, std::int64_t period);

}  // namespace quern
