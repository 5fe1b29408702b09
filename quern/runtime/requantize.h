#ifndef QUERN_RUNTIME_REQUANTIZE_H
#define QUERN_RUNTIME_REQUANTIZE_H

// How an int32 accumulator becomes a code.

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The arithmetic between accumulator and code. M = multiplier / 2^shift; M may be negative. r =
/// remainder / 2^shift is what is left of the bias, which counts whole steps of the accumulator: up
/// to half of M, so that without it few bits, which make M large, would move many codes.
typedef enum {
  kQuernAccumulator = 0,  ///< The accumulator itself, for outputs of 32 bits.
  kQuernNearest = 1,      ///< ⌊acc · M + r + ½⌋: to nearest, ties up, rounded once.
  kQuernFloor = 2,  ///< ⌊acc · M + r⌋: with r = 0 integer channel normalization as published.
  kQuernThresholds = 3,  ///< How many thresholds T of the channel have acc · multiplier ≥ T.
} QuernRounding;

/// The code is clamp(rounded + zero_point, low, high); with thresholds it is low + their number.
///
/// Source of integer channel normalization (a multiplier and bias per channel, batch norm included)
/// and thresholds: Rusci et al., "Memory-Driven Mixed Low Precision Quantization For Enabling Deep
/// Network Inference On Microcontrollers", 2019, arXiv:1905.13082.
typedef struct {
  int32_t rounding;           ///< A QuernRounding.
  int32_t zero_point;         ///< Code of the real value 0.
  int32_t low, high;          ///< Ends of the code, an activation's clamp included.
  int32_t stride;             ///< 1: one entry per channel; 0: the same for all.
  const int32_t* multiplier;  ///< Q0.31, of either sign. With thresholds 1, or −1 where they fall.
  const uint8_t* shift;       ///< 1 to 62; unused by thresholds.
  const int32_t* remainder;   ///< Within ±2^30; null where all are 0. Unused by thresholds.
  const uint8_t* highest;     ///< Largest code, low to high, where entries differ in it; else null.
                              ///< Unused by thresholds.
  const int32_t* thresholds;  ///< high − low per entry, ascending.
} QuernRequantize;

/// ⌊(accumulator · multiplier + remainder + half) / 2^shift⌋, saturated to int32; half is
/// 2^(shift − 1) if `nearest` is 1 and 0 if it is 0.
static inline int32_t quern_scale_wide(int32_t accumulator, int32_t multiplier, int32_t shift,
                                       int32_t remainder, int32_t nearest) {
  const int64_t product = (int64_t)accumulator * multiplier + remainder;
  const int64_t scaled = (product + ((int64_t)nearest << (shift - 1))) >> shift;
  return scaled > INT32_MAX ? INT32_MAX : scaled < INT32_MIN ? INT32_MIN : (int32_t)scaled;
}

/// The same number by shifts of 32 bits, for machines that have no wider ones.
static inline int32_t quern_scale_narrow(int32_t accumulator, int32_t multiplier, int32_t shift,
                                         int32_t remainder, int32_t nearest) {
  const int64_t product = (int64_t)accumulator * multiplier + remainder;
  const int32_t beyond = shift - 33;
  if (beyond >= 0) {
    // Neither half nor the quotient sees the low word of the product, whose high one is at most
    // 2^30.
    return (((int32_t)(product >> 32) >> beyond) + nearest) >> 1;
  }
  const int64_t sum = product + (int64_t)((uint32_t)nearest << (shift - 1));
  const int32_t high = (int32_t)(sum >> 32);
  if (high >> (shift - 1) != high >> 31) return high < 0 ? INT32_MIN : INT32_MAX;
  const uint32_t low = (uint32_t)sum >> (shift - 1) >> 1;
  return (int32_t)((uint32_t)high << (32 - shift) | low);
}

static inline int32_t quern_scale(int32_t accumulator, int32_t multiplier, int32_t shift,
                                  int32_t remainder, int32_t nearest) {
#if INTPTR_MAX > INT32_MAX
  return quern_scale_wide(accumulator, multiplier, shift, remainder, nearest);
#else
  return quern_scale_narrow(accumulator, multiplier, shift, remainder, nearest);
#endif
}

/// The number of ascending thresholds that `value` reaches, by bisection.
static inline int32_t quern_count_reached(const int32_t* thresholds, int32_t count, int32_t value) {
  int32_t reached = 0;
  while (count > 0) {
    const int32_t half = count / 2;
    if (value >= thresholds[reached + half]) {
      reached += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return reached;
}

/// Requantizes `count` accumulators in place; the first is that of entry `first`.
void quern_requantize(const QuernRequantize* to, int32_t first, int32_t count, int32_t* values);

/// Requantizes the accumulators of channels from `first` on, the entries of the same number, and
/// stores them as elements of `bits` in a pixel. Leaves nothing of use in `values`.
void quern_requantize_channels(const QuernRequantize* to, int32_t first, int32_t count,
                               int32_t* values, int32_t bits, uint8_t* pixel);

#ifdef __cplusplus
}
#endif

#endif
