#include "quern/runtime/requantize.h"

#include "quern/runtime/tensor.h"

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

/// Of any entries.
static void scale_any(const QuernRequantize* to, int32_t entry, int32_t count, int32_t* values) {
  const int32_t nearest = to->rounding == kQuernNearest;
  // Clamped before the zero point is added: the sum could leave int32.
  const int32_t zero_point = to->zero_point;
  const int32_t low = to->low - zero_point, high = to->high - zero_point;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t remainder = to->remainder ? to->remainder[entry] : 0;
    const int32_t scaled =
        quern_scale(values[i], to->multiplier[entry], to->shift[entry], remainder, nearest);
    values[i] = (scaled < low ? low : scaled > high ? high : scaled) + zero_point;
    entry += to->stride;
  }
}

/// The same with an entry per value, which have remainders: what most layers are. The codes go to
/// `codes` where `has_codes` is 1, else in place. `low`, `high` and `zero_point` are those of `to`,
/// which as constants become one instruction.
static inline void scale_each(const QuernRequantize* to, int32_t entry, int32_t count,
                              int32_t* values, int32_t has_codes, uint8_t* codes, int32_t low,
                              int32_t high, int32_t zero_point) {
  const int32_t* multiplier = to->multiplier + entry;
  const int32_t* remainder = to->remainder + entry;
  const uint8_t* shift = to->shift + entry;
  const int32_t nearest = to->rounding == kQuernNearest;
  const int32_t least = low - zero_point, most = high - zero_point;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t scaled = quern_scale(values[i], multiplier[i], shift[i], remainder[i], nearest);
    const int32_t bounded = scaled > least ? scaled : least;
    const int32_t code = (bounded < most ? bounded : most) + zero_point;
    if (has_codes) {
      codes[i] = (uint8_t)code;
    } else {
      values[i] = code;
    }
  }
}

/// Whether scale_each takes them, where they are multipliers.
static int has_remainders(const QuernRequantize* to) { return to->stride == 1 && to->remainder; }

void quern_requantize(const QuernRequantize* to, int32_t first, int32_t count, int32_t* values) {
  const int32_t entry = first * to->stride;
  if (to->rounding == kQuernAccumulator) return;
  if (to->rounding == kQuernThresholds) {
    count_thresholds(to, entry, count, values);
    return;
  }
  if (has_remainders(to)) {
    scale_each(to, entry, count, values, 0, 0, to->low, to->high, to->zero_point);
  } else {
    scale_any(to, entry, count, values);
  }
  if (to->highest) clip(to->highest + entry, to->stride, count, values);
}

void quern_requantize_channels(const QuernRequantize* to, int32_t first, int32_t count,
                               int32_t* values, int32_t bits, uint8_t* pixel) {
  const int32_t has_multipliers = to->rounding == kQuernNearest || to->rounding == kQuernFloor;
  if (bits != 8 || to->highest || !has_multipliers || !has_remainders(to)) {
    quern_requantize(to, first, count, values);
    quern_store_channels(pixel, first, count, bits, values);
  } else if (to->low == 0 && to->high == 255 && to->zero_point == 0) {
    scale_each(to, first, count, values, 1, pixel + first, 0, 255, 0);
  } else {
    scale_each(to, first, count, values, 1, pixel + first, to->low, to->high, to->zero_point);
  }
}
