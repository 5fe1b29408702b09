#include <algorithm>
#include <span>

#include "quern/engine/internal/check.h"
#include "quern/engine/internal/demand.h"

namespace quern::internal {
namespace {

constexpr std::int32_t kLargestRemainder = std::int32_t{1} << 30;

void check_thresholds(const Requantization& to) {
  demand(std::ranges::all_of(to.multiplier, [](std::int32_t m) { return m == 1 || m == -1; }),
         "a multiplier of thresholds is neither 1 nor -1");
  const auto levels = static_cast<std::size_t>(to.high - to.low);
  demand(to.thresholds.size() == levels * to.multiplier.size(),
         "it has {} thresholds, expected {} for each of {} entries", to.thresholds.size(), levels,
         to.multiplier.size());
  for (std::size_t i = 0; i < to.multiplier.size(); ++i) {
    demand(std::ranges::is_sorted(std::span(to.thresholds).subspan(i * levels, levels)),
           "the thresholds of entry {} do not ascend", i);
  }
}

void check_scaling(const Requantization& to) {
  demand(to.shift.size() == to.multiplier.size(), "it has {} shifts for {} multipliers",
         to.shift.size(), to.multiplier.size());
  for (const std::uint8_t shift : to.shift) {
    demand(shift >= 1 && shift <= 62, "it has the shift {}, expected 1 to 62", shift);
  }
  demand(to.remainder.empty() || to.remainder.size() == to.multiplier.size(),
         "it has {} remainders for {} multipliers", to.remainder.size(), to.multiplier.size());
  for (const std::int32_t remainder : to.remainder) {
    demand(remainder >= -kLargestRemainder && remainder <= kLargestRemainder,
           "it has the remainder {}, expected at most 2^30 from 0", remainder);
  }
  demand(to.highest.empty() || to.highest.size() == to.multiplier.size(),
         "it has {} largest codes for {} multipliers", to.highest.size(), to.multiplier.size());
  for (const std::int32_t highest : to.highest) {
    demand(highest >= to.low && highest <= to.high, "it has the largest code {}, expected {} to {}",
           highest, to.low, to.high);
  }
}

}  // namespace

void check_requantization(const Requantization& to, const IntTensor& output, std::int64_t entries) {
  if (to.rounding == kQuernAccumulator) {
    demand(output.bits == 32, "its output has {} bits, but accumulators have 32", output.bits);
    return;
  }
  demand(to.low <= to.high, "its smallest code {} is above its largest {}", to.low, to.high);
  const bool is_wide = output.bits == 32;
  demand(is_wide || (to.low >= 0 && to.high < std::int32_t{1} << output.bits),
         "its codes go from {} to {}, which {} bits do not hold", to.low, to.high, output.bits);
  demand(to.multiplier.size() == 1 || std::ssize(to.multiplier) == entries,
         "it has {} multipliers, expected 1 or {}", to.multiplier.size(), entries);
  if (to.rounding == kQuernThresholds) {
    demand(!is_wide, "thresholds make codes, but its output has 32 bits");
    check_thresholds(to);
  } else {
    demand(!is_wide || to.highest.empty(), "largest codes per entry need an output of codes");
    check_scaling(to);
  }
}

}  // namespace quern::internal
