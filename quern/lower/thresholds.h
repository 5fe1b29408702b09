#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace quern {

/// The accumulators that can occur, both ends included.
struct Reach {
  std::int64_t low = 0;
  std::int64_t high = 0;

  bool operator==(const Reach&) const = default;
};

/// Integer thresholds of one channel: code = low + how many T have acc · sign ≥ T.
struct Thresholds {
  std::int32_t sign = 1;             ///< −1 where codes fall as accumulators rise.
  std::vector<std::int32_t> values;  ///< high − low, ascending.
};

/// Finds the thresholds that reproduce `decide` on every accumulator in `reach`, exactly, by
/// bisection. A threshold that no accumulator crosses is INT32_MIN or INT32_MAX.
///
/// @param decide  The code of an accumulator, from `low` to `high`; never falls or never rises.
/// @param reach   Within ±(2^31 − 2).
Thresholds find_thresholds(const std::function<std::int32_t(std::int32_t)>& decide,
                           const Reach& reach, std::int32_t low, std::int32_t high);

}  // namespace quern
