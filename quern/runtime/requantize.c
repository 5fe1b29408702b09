#include "quern/runtime/requantize.h"

static void count_thresholds(const QuernRequantize* to, int32_t entry, int32_t count,
                             int32_t* values) {
  const int32_t levels = to->high - to->low;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t value = values[i] * to->multiplier[entry];
    values[i] = to->low + quern_count_reached(to->thresholds + entry * levels, levels, value);
    entry += to->stride;
  }
}

/// Codes above the end of their channel become that end.
static void clip(const uint8_t* highest, int32_t stride, int32_t count, int32_t* values) {
  for (int32_t i = 0; i < count; ++i) {
    if (values[i] > *highest) values[i] = *highest;
    highest += stride;
  }
}

void quern_requantize(const QuernRequantize* to, int32_t first, int32_t count, int32_t* values) {
  const int32_t entry = first * to->stride;
  if (to->rounding == kQuernAccumulator) return;
  if (to->rounding == kQuernThresholds) {
    count_thresholds(to, entry, count, values);
    return;
  }
  static const int32_t kNone = 0;
  const int32_t* multiplier = to->multiplier + entry;
  const uint8_t* shift = to->shift + entry;
  const int32_t* remainder = to->remainder ? to->remainder + entry : &kNone;
  const int32_t stride = to->stride, remainder_stride = to->remainder ? stride : 0;
  const int32_t nearest = to->rounding == kQuernNearest;
  // Clamped before the zero point is added: the sum could leave int32.
  const int32_t zero_point = to->zero_point;
  const int32_t low = to->low - zero_point, high = to->high - zero_point;
  for (int32_t i = 0; i < count; ++i) {
    int32_t scaled = quern_scale(values[i], *multiplier, *shift, *remainder, nearest);
    if (scaled < low) scaled = low;
    if (scaled > high) scaled = high;
    values[i] = scaled + zero_point;
    multiplier += stride;
    shift += stride;
    remainder += remainder_stride;
  }
  if (to->highest) clip(to->highest + entry, stride, count, values);
}
